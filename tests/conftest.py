"""What holds for all tests: none has a deadline, for a machine may be busy with something else."""

from hypothesis import settings

settings.register_profile("worklake", deadline=None)
settings.load_profile("worklake")
