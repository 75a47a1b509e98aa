"""GitHub's REST API, from a seeded world."""

from worklake.sandbox.github.provider import GitHubSandbox

__all__ = ["GitHubSandbox"]
