"""Structured logs on stderr, one event a line, with secrets taken out by a processor."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(r"token|secret|password|authorization|api_?key", re.IGNORECASE)
_SECRET_SHAPES = re.compile(
    r"(?:glpat-|gldt-|lin_api_|lin_oauth_|ghp_|github_pat_|ntn_|secret_)[\w.-]{4,}|Bearer\s+[\w.~+/=-]{4,}"
)
_MASK = "[redacted]"


def redact(value: Any) -> Any:
    """The same value without what has the shape of a secret, however deep it lies."""
    if isinstance(value, str):
        return _SECRET_SHAPES.sub(_MASK, value)
    if isinstance(value, dict):
        return {key: _MASK if _SECRET_NAMES.search(str(key)) else redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(redact(item) for item in value)
    return value


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _MASK if _SECRET_NAMES.search(key) else redact(value) for key, value in event.items()}


def set_up_logs(*, verbose: bool = False) -> None:
    """Send warnings (or with `verbose` everything from debug up) to stderr: coloured at a terminal, else JSON lines."""
    terminal = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.dict_tracebacks]),
            _redact_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def set_up_quiet_logs() -> None:
    """Warnings alone to stderr, unless the program that uses Worklake has set up structlog its own way."""
    if not structlog.is_configured():
        set_up_logs()
