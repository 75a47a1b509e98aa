"""Worklake keeps a team's work in one lakehouse and the tools it lives in, in agreement."""

__version__ = "0.1.0"
