"""Opens a Spark session and closes it again, so that the jars it needs are there before several ask for them at once.

Two that fetch them at the same time spoil each other's files.
"""

from __future__ import annotations

if __name__ == "__main__":
    from pyspark.sql import SparkSession

    from worklake.lake.engines.spark import DELTA_PACKAGE

    SparkSession.builder.master("local[1]").config("spark.jars.packages", DELTA_PACKAGE).getOrCreate().stop()
