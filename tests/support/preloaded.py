"""What every sandbox of the tests would import and make anew; imported once, by the process they are forked from."""

from worklake.sandbox import __main__, gitlab, linear
from worklake.sandbox.linear.schema import linear_schema

PRELOADED = (__main__, gitlab, linear, linear_schema())
