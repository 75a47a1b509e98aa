"""Linear, as a sandbox: its GraphQL API on its whole published schema, over a seeded workspace."""

from worklake.sandbox.linear.provider import LinearSandbox

__all__ = ["LinearSandbox"]
