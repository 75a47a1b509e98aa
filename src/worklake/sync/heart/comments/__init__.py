"""Comments: taken in, planned, applied, looked at, undone."""
