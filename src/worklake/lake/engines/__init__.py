"""The engines a lake runs on. What each lacks, and how it is made up for, stays inside its module."""
