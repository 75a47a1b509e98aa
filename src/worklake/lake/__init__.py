"""The lake: Delta tables on an embedded engine, on Spark or on Databricks, behind the same verbs."""
