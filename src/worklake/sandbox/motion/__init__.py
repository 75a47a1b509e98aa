"""Motion in the sandbox: its REST API over the seeded world."""

from worklake.sandbox.motion.provider import MotionSandbox

__all__ = ["MotionSandbox"]
