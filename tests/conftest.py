"""What holds for all tests that draw examples: which profile they are drawn by.

By default each run draws the same ones, so that a red run is red again. Others are looked for by
`pytest --hypothesis-profile=explore`. None has a deadline, for a machine may be busy with something else.
"""

from hypothesis import settings

settings.register_profile("worklake", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("worklake")
