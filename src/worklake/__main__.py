"""`python -m worklake`."""

from worklake.cli import main

main()
