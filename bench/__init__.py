"""Worklake's speed beside a bare download and dlt on the same feed. Prints figures and ratios; fails nothing."""
