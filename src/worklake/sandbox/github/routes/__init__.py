"""Every endpoint of the API, by subject."""

from __future__ import annotations

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.routes import (
    comments,
    commits,
    graphql,
    hooks,
    issues,
    labels,
    milestones,
    people,
    pulls,
    relations,
    repositories,
)

ROUTES: tuple[Route, ...] = (
    *comments.ROUTES,
    *commits.ROUTES,
    *issues.ROUTES,
    *relations.ROUTES,
    *labels.ROUTES,
    *milestones.ROUTES,
    *pulls.ROUTES,
    *hooks.ROUTES,
    *repositories.ROUTES,
    *people.ROUTES,
    *graphql.ROUTES,
)
