"""What the processes of the tests would import and make anew; imported once, by the one that they are forked from."""

from importlib.util import find_spec

from tests.support import sandbox
from worklake.sandbox import gitlab, linear
from worklake.sandbox.linear.schema import linear_schema

PRELOADED = [sandbox, gitlab, linear, linear_schema()]
if find_spec("pysail"):
    import deltalake
    import pysail.spark
    import pyspark.sql.connect.session

    from tests.lake import writer

    PRELOADED += [deltalake, pysail.spark, pyspark.sql.connect.session, writer]
