"""What stands around tasks (people, projects, milestones, code) as rows of their tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from worklake.integrations.views import CommitView, MergeRequestView, MilestoneView, PersonView, ProjectView
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


def merge_request_row(source: str, item: Observed[MergeRequestView], accounts: Mapping[str, str]) -> RowDict:
    """A merge request; `accounts` has the person of each account."""
    view = item.view
    people = {
        role: accounts.get(account, f"{account}@{source}") if account is not None else None
        for role, account in (("author", view.author), ("merged_by", view.merged_by))
    }
    kept = {name: value for name, value in asdict(view).items() if name != "server"}
    return kept | people | {"source": source, "external_id": item.external_id, "record_hash": item.record_hash}


def commit_row(source: str, item: Observed[CommitView]) -> RowDict:
    """A commit."""
    view = item.view
    return {
        "source": source,
        "external_id": item.external_id,
        "sha": view.sha,
        "project": view.project,
        "title": view.message.partition("\n")[0],
        "message": view.message,
        "author": view.author_name,
        "committed_at": view.committed_at,
        "url": view.url,
        "record_hash": item.record_hash,
    }


def parse_date(text: str | None) -> date | None:
    """The day that an ISO string names, if any."""
    return date.fromisoformat(text) if text else None
