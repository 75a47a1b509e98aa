"""Motion (usemotion.com), over its REST API."""

from worklake.integrations.motion.integration import MotionIntegration
from worklake.integrations.motion.settings import MotionSettings

__all__ = ["MotionIntegration", "MotionSettings"]
