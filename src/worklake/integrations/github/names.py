"""Names that exist at GitHub: milestones by title, accounts by id, and which values a field can take there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from worklake.errors import RefusedValueError
from worklake.integrations.base import Vocabulary
from worklake.integrations.github.board import Board
from worklake.integrations.github.client import GitHubClient, external_id
from worklake.integrations.github.issues import Issues
from worklake.integrations.github.settings import GitHubSettings
from worklake.model.fields import FieldValue

_ALL = {"state": "all"}


class Names:
    """The names that a source's repositories know."""

    def __init__(
        self, client: GitHubClient, settings: GitHubSettings, issues: Issues, board: Board | None = None
    ) -> None:
        self._client, self._settings, self._issues, self._board = client, settings, issues, board
        self._milestones: dict[tuple[str, str], int] = {}
        self._asked: set[str] = set()

    def milestone(self, repository: str, title: FieldValue) -> int | None:
        """The number of the milestone with this title in a repository; None for no title.

        Raises `RefusedValueError` where there is none.
        """
        if not title:
            return None
        key = (repository.lower(), str(title))
        if key not in self._milestones:
            found = [one for one in self._listed(repository, "milestones", _ALL) if one.get("title") == title]
            found.sort(key=lambda one: one.get("state") != "open")
            if not found:
                raise RefusedValueError(
                    f"the repository {repository} has no milestone {title!r}: make it there, or give the task another"
                    " one",
                    ("milestone",),
                )
            self._milestones[key] = int(found[0]["number"])
        return self._milestones[key]

    def forget_milestone(self, repository: str, title: FieldValue) -> None:
        """Look for this milestone anew the next time."""
        self._milestones.pop((repository.lower(), str(title)), None)

    def logins(self, repository: str, people: list[str]) -> list[str]:
        """The logins of these accounts. Raises `RefusedValueError` for one that the repository does not know."""
        unknown = [one for one in people if one not in self._issues.logins]
        if unknown and repository.lower() not in self._asked:
            for person in self._listed(repository, "assignees", {}):
                known, login = external_id(person), person.get("login")
                if known is not None and isinstance(login, str):
                    self._issues.logins[known] = login
            self._asked.add(repository.lower())
            unknown = [one for one in people if one not in self._issues.logins]
        if unknown:
            raise RefusedValueError(
                f"nobody with the id {', '.join(unknown)} can be assigned in the repository {repository}: give the"
                " account access to it, or the task to somebody else",
                ("assignees",),
            )
        return [self._issues.logins[one] for one in people]

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Milestones and accounts that exist for any of the repositories, labels with a meaning that none has, and
        options with a meaning that the project's field does not have.
        """
        known: dict[str, frozenset[str]] = {}
        missing: dict[str, tuple[str, ...]] = {}
        if "milestone" in fields:
            known["milestone"] = self._gathered("milestones", _ALL, "title")
        if "assignees" in fields:
            known["assignees"] = self._gathered("assignees", {}, "id")
        wanted = {field: names for field, names in self.mapped().items() if field in fields}
        if self._board is not None and "status" in wanted:
            gone = self.missing_options(self._board.details().options or {}, wanted.pop("status"))
            missing |= {"status": gone} if gone else {}
        if wanted:
            existing = {name.lower() for name in self._gathered("labels", {}, "name")}
            for field, labels in wanted.items():
                gone = tuple(label for label in labels if label.lower() not in existing)
                missing |= {field: gone} if gone else {}
        assumed = frozenset() if "priority_labels" in self._settings.model_fields_set else frozenset({"priority"})
        return Vocabulary(known, missing, assumed)

    def mapped(self) -> dict[str, tuple[str, ...]]:
        """The labels and options with a meaning, by field."""
        project = self._settings.project
        status = self._settings.status_labels if project is None else project.status
        labels = {"status": status, "priority": self._settings.priority_labels}
        return {field: tuple(names) for field, names in labels.items() if names}

    @staticmethod
    def missing_options(existing: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
        """Those of the wanted options that the field does not have in any case."""
        there = {name.lower() for name in existing}
        return tuple(name for name in wanted if name.lower() not in there)

    def _gathered(self, what: str, query: dict[str, str], key: str) -> frozenset[str]:
        return frozenset(
            str(one[key])
            for repository in self._settings.repositories
            for one in self._listed(repository, what, query)
            if key in one
        )

    def _listed(self, repository: str, what: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        return (one for one in self._client.all(f"/repos/{repository}/{what}", query) if isinstance(one, dict))
