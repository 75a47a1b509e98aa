"""GitLab's REST API v4 over the seeded world."""

from worklake.sandbox.gitlab.provider import GitLabSandbox

__all__ = ["GitLabSandbox"]
