"""GitLab, gitlab.com or self-managed, over its REST API v4."""

from worklake.integrations.gitlab.integration import GitLabIntegration

__all__ = ["GitLabIntegration"]
