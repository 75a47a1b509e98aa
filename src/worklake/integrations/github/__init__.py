"""GitHub, github.com or Enterprise, over its REST API."""

from worklake.integrations.github.integration import GitHubIntegration

__all__ = ["GitHubIntegration"]
