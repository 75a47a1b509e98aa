"""What stands around tasks (people, projects, milestones) as rows of their tables. Pure."""

from __future__ import annotations

from datetime import date

from worklake.integrations.base import MilestoneView, PersonView, ProjectView
from worklake.model.ids import milestone_id, project_id
from worklake.sync.fold import RowDict
from worklake.sync.pending import Observed
from worklake.sync.people import Directory


def person_row(source: str, provider: str, item: Observed[PersonView], directory: Directory) -> RowDict:
    """An account, and whose it is."""
    view = item.view
    return {
        "source": source,
        "external_id": item.external_id,
        "person_id": directory.person_id(view, source, provider, item.external_id),
        "name": view.name,
        "username": view.username,
        "email": view.email,
        "active": view.active,
        "record_hash": item.record_hash,
    }


def project_row(source: str, item: Observed[ProjectView]) -> RowDict:
    """A project."""
    view = item.view
    return {
        "source": source,
        "external_id": item.external_id,
        "project_id": project_id(source, item.external_id),
        "name": view.name,
        "path": view.path,
        "description": view.description,
        "url": view.url,
        "archived": view.archived,
        "record_hash": item.record_hash,
    }


def milestone_row(source: str, item: Observed[MilestoneView]) -> RowDict:
    """A milestone."""
    view = item.view
    return {
        "source": source,
        "external_id": item.external_id,
        "milestone_id": milestone_id(source, item.external_id),
        "title": view.title,
        "project": view.project,
        "start_date": parse_date(view.start_date),
        "due_date": parse_date(view.due_date),
        "closed": view.closed,
        "record_hash": item.record_hash,
    }


def parse_date(text: str | None) -> date | None:
    """The day that an ISO string names, if any."""
    return date.fromisoformat(text) if text else None
