"""Names that exist at GitLab: milestones by title, and which values a field can take there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from worklake.integrations.base import Vocabulary
from worklake.integrations.gitlab.client import GitLabClient, project_path
from worklake.integrations.gitlab.settings import GitLabSettings


class Names:
    """The names that a source's projects know, those of the groups above them too."""

    def __init__(self, client: GitLabClient, settings: GitLabSettings) -> None:
        self._client = client
        self._settings = settings
        self._milestones: dict[tuple[str, str], int] = {}

    def milestone_id(self, project: str, title: str) -> int | None:
        """The id of the milestone with this title in a project, an active one first; None where there is none."""
        if (project, title) not in self._milestones:
            query = {"title": title, "include_ancestors": "true"}
            path = f"{project_path(project)}/milestones"
            found = [one for one in _objects(self._client.all(path, query)) if one.get("title") == title]
            found.sort(key=lambda one: one.get("state") != "active")
            if not found:
                return None
            self._milestones[project, title] = int(found[0]["id"])
        return self._milestones[project, title]

    def forget(self, project: str, title: str) -> None:
        """Look for this milestone anew the next time."""
        self._milestones.pop((project, title), None)

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Milestones and accounts that exist in any of the projects, and labels with a meaning that exist in none."""
        known: dict[str, frozenset[str]] = {}
        missing: dict[str, tuple[str, ...]] = {}
        if "milestone" in fields:
            known["milestone"] = self._gathered("milestones", {"include_ancestors": "true"}, "title")
        if "assignees" in fields:
            known["assignees"] = self._gathered("members/all", {}, "id")
        meaning: dict[str, Sequence[str]] = {
            "status": list(self._settings.status_labels),
            "priority": list(self._settings.priority_labels),
        }
        wanted = {field: labels for field, labels in meaning.items() if field in fields and labels}
        if wanted:
            existing = self._gathered("labels", {"include_ancestor_groups": "true"}, "name")
            for field, labels in wanted.items():
                gone = tuple(label for label in labels if label not in existing)
                missing |= {field: gone} if gone else {}
        assumed = frozenset() if "priority_labels" in self._settings.model_fields_set else frozenset({"priority"})
        return Vocabulary(known, missing, assumed)

    def mapped(self) -> dict[str, tuple[str, ...]]:
        """The labels with a meaning, by field."""
        labels = {"status": self._settings.status_labels, "priority": self._settings.priority_labels}
        return {field: tuple(names) for field, names in labels.items() if names}

    def _gathered(self, what: str, query: dict[str, str], key: str) -> frozenset[str]:
        return frozenset(
            str(one[key])
            for project in self._settings.projects
            for one in _objects(self._client.all(f"{project_path(project)}/{what}", query))
            if key in one
        )


def _objects(entries: Iterator[Any]) -> Iterator[dict[str, Any]]:
    return (one for one in entries if isinstance(one, dict))
