"""The sync engine: pull what changed, match items to tasks, keep canonical tasks and the log of their changes."""
