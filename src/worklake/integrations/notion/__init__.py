"""Notion as a source."""

from worklake.integrations.notion.integration import NotionIntegration
from worklake.integrations.notion.settings import NotionSettings

__all__ = ["NotionIntegration", "NotionSettings"]
