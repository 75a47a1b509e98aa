"""The rules of the sync heart: pure functions from what is known to what follows from it. No clock, no I/O."""
