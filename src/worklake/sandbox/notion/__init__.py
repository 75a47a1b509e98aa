"""Notion as a provider of the sandbox."""

from worklake.sandbox.notion.provider import NotionSandbox

__all__ = ["NotionSandbox"]
