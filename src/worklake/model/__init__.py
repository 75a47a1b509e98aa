"""The ground: what a task is. Pure data, no I/O."""
