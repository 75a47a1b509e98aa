"""Every endpoint of the API, by subject."""

from __future__ import annotations

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.routes import (
    commits,
    graphql,
    hooks,
    issues,
    labels,
    links,
    merge_requests,
    milestones,
    notes,
    people,
    projects,
    resource_events,
    time_tracking,
)

ROUTES: tuple[Route, ...] = (
    *issues.ROUTES,
    *notes.ROUTES,
    *labels.ROUTES,
    *milestones.ROUTES,
    *links.ROUTES,
    *time_tracking.ROUTES,
    *resource_events.ROUTES,
    *merge_requests.ROUTES,
    *commits.ROUTES,
    *projects.ROUTES,
    *people.ROUTES,
    *hooks.ROUTES,
    *graphql.ROUTES,
)
