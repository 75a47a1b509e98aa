"""Every endpoint of the API, by subject."""

from __future__ import annotations

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.routes import issues

ROUTES: tuple[Route, ...] = (*issues.ROUTES,)
