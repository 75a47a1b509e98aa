"""Linear, over its GraphQL API."""

from worklake.integrations.linear.integration import LinearIntegration
from worklake.integrations.linear.settings import LinearSettings

__all__ = ["LinearIntegration", "LinearSettings"]
