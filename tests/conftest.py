"""What holds for all tests: by which profile they draw examples, and that they can be interrupted.

By default each run draws the same examples, so that a red run is red again. Others are looked for by
`pytest --hypothesis-profile=explore`. None has a deadline, for a machine may be busy with something else.
"""

import os
import signal
import tempfile

from hypothesis import settings

settings.register_profile("worklake", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("worklake")

# Who starts the tests in the background may have them ignore Ctrl-C, and all processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What Worklake keeps for its user on this machine is not the tests' to change.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="worklake-tests-")
