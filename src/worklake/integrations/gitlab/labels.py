"""Labels that stand for something GitLab has no field for: how far a task is, and how urgent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from worklake.integrations.base import Payload
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.reading import optional_object, texts, unreadable
from worklake.model.fields import OPEN_STATUSES, Fields, FieldValue, Priority, Status

_OPEN = frozenset(status.value for status in OPEN_STATUSES)


class Meaning(NamedTuple):
    """What a label stands for. Of several on an issue the one that the settings name first counts."""

    rank: int
    value: str


class LabelFields:
    """The fields that live in labels: status (with open and closed), priority, and the labels that are just labels."""

    def __init__(self, settings: GitLabSettings) -> None:
        self._status = _meanings({label: status.value for label, status in settings.status_labels.items()})
        self._open = {label: meaning for label, meaning in self._status.items() if meaning.value in _OPEN}
        self._closed = {label: meaning for label, meaning in self._status.items() if meaning.value not in _OPEN}
        self._priority = _meanings({label: word.value for label, word in settings.priority_labels.items()})
        self._reserved = {*self._status, *self._priority}
        self._scopes = {scope for name in self._reserved if (scope := _scope_of(name))}

    def status(self, payload: Payload) -> str:
        """Open and closed are GitLab's word: a label that says more of the same counts, a contrary one does not."""
        state = payload.get("state")
        if state == "opened":
            return _meant(payload, self._open) or Status.UNSTARTED.value
        if state != "closed":
            unreadable("state", state, "opened or closed")
        return _meant(payload, self._closed) or _closed_as(payload)

    def fit_status(self, status: FieldValue, now: FieldValue) -> str:
        """The status as GitLab would show it: without a label for it unstarted, or completed.

        Where a closed issue shows canceled although no label says so, GitLab itself does (it was moved, or it is a
        duplicate), and goes on to.
        """
        known, default = (self._open, Status.UNSTARTED) if status in _OPEN else (self._closed, Status.COMPLETED)
        if any(meaning.value == status for meaning in known.values()):
            return str(status)
        by_itself = now == Status.CANCELED and all(one.value != Status.CANCELED for one in self._closed.values())
        return Status.CANCELED.value if by_itself and status not in _OPEN else default.value

    def put_status(self, payload: Payload, status: FieldValue) -> None:
        """Open or close, and replace the labels of other statuses with this one's.

        An issue that was moved or is a duplicate is shown as any other, which is known only once it is written.
        """
        payload["state"] = "opened" if status in _OPEN else "closed"
        if status in _OPEN:
            payload["closed_at"] = None
        elif _closed_as(payload) != status:
            payload |= {
                "moved_to_id": None,
                "_links": {**(payload.get("_links") or {}), "closed_as_duplicate_of": None},
            }
        _replace(payload, self._status, str(status))

    def priority(self, payload: Payload) -> str:
        """The priority whose label the issue has."""
        return _meant(payload, self._priority) or Priority.NONE.value

    def fit_priority(self, priority: FieldValue, now: FieldValue) -> str:
        """The priority, or none where no label stands for it."""
        known = any(meaning.value == priority for meaning in self._priority.values())
        return str(priority) if known else Priority.NONE.value

    def put_priority(self, payload: Payload, priority: FieldValue) -> None:
        """Replace the labels of other priorities with this one's."""
        _replace(payload, self._priority, str(priority))

    def labels(self, payload: Payload) -> list[str]:
        """The labels that stand for nothing else, sorted."""
        names = texts(payload, "labels")
        return sorted({name for name in names if not self._has_meaning(name)}) if names else []

    def fit_labels(self, labels: FieldValue, now: FieldValue) -> list[str]:
        """Those of these labels that GitLab takes: no comma, no more than 255 characters, not one with a meaning."""
        assert isinstance(labels, list)
        names = (" ".join(label.replace("\0", "").replace(",", " ").split())[:255].rstrip() for label in labels)
        return sorted({name for name in names if name and not self._has_meaning(name)})

    def put_labels(self, payload: Payload, labels: FieldValue) -> None:
        """Replace the labels that stand for nothing else."""
        assert isinstance(labels, list)
        payload["labels"] = sorted([*labels, *(name for name in texts(payload, "labels") if self._has_meaning(name))])

    def written(self, fields: Fields) -> list[str]:
        """The labels of an issue yet to be made that shows these fields."""
        added, _ = self.edited(fields, {})
        return added

    def edited(self, fields: Fields, shown: Fields) -> tuple[list[str], list[str]]:
        """The labels to add and to take away, so that an issue that shows `shown` shows these fields too."""
        added: list[str] = []
        removed: list[str] = []
        for name, meanings in (("status", self._status), ("priority", self._priority)):
            if name in fields:
                label = _label_of(meanings, str(fields[name]))
                added += [label] if label is not None else []
                removed += [other for other in meanings if other != label]
        if "labels" in fields:
            wanted, now = fields["labels"], shown.get("labels") or []
            assert isinstance(wanted, list) and isinstance(now, list)
            added += [one for one in wanted if one not in now]
            removed += [one for one in now if one not in wanted]
        return added, removed

    def label_of(self, status: Status) -> str | None:
        """The label that stands for a status, if any."""
        return _label_of(self._status, status.value)

    def meaning_of(self, label: str) -> str:
        """The field that a label belongs to: status, priority or labels."""
        return "status" if label in self._status else "priority" if label in self._priority else "labels"

    def _has_meaning(self, label: str) -> bool:
        """Whether a label stands for a status or priority, be it one that the settings do not name.

        That is so of every `status::…` where one of them does: GitLab lets an issue have only one label of a scope, so
        that such a label could not be kept beside a status.
        """
        return label in self._reserved or ("::" in label and _scope_of(label) in self._scopes)


def one_of_each_scope(labels: FieldValue, now: FieldValue) -> list[str]:
    """These labels without those that GitLab would take off again: of a scope it lets an issue have one.

    Those that are there stay; else it is the last one, as when all of them are sent.
    """
    names = sorted(labels) if isinstance(labels, list) else []
    there = {one for one in names if isinstance(now, list) and one in now}
    taken = {_scope_of(one) for one in there if "::" in one}
    last = {_scope_of(one): one for one in names if "::" in one and _scope_of(one) not in taken}
    return [one for one in names if "::" not in one or one in there or last.get(_scope_of(one)) == one]


def _scope_of(label: str) -> str:
    """What stands before the last `::` of a label; nothing where there is none."""
    return label.rpartition("::")[0]


def _label_of(meanings: Mapping[str, Meaning], value: str) -> str | None:
    return next((label for label, meaning in meanings.items() if meaning.value == value), None)


def _meanings(values: Mapping[str, str]) -> dict[str, Meaning]:
    return {label: Meaning(rank, value) for rank, (label, value) in enumerate(values.items())}


def _meant(payload: Payload, meanings: Mapping[str, Meaning]) -> str | None:
    best: Meaning | None = None
    for name in texts(payload, "labels"):
        meaning = meanings.get(name)
        if meaning is not None and (best is None or meaning < best):
            best = meaning
    return best.value if best is not None else None


def _replace(payload: Payload, meanings: Mapping[str, Meaning], value: str) -> None:
    kept = [name for name in texts(payload, "labels") if name not in meanings]
    added = _label_of(meanings, value)
    payload["labels"] = sorted([*kept, *([added] if added is not None else [])])


def _closed_as(payload: Payload) -> str:
    """How an issue without a label was closed: moved or a duplicate means that nothing is left to do here."""
    links = optional_object(payload, "_links")
    duplicate = links is not None and links.get("closed_as_duplicate_of") is not None
    moved = payload.get("moved_to_id") is not None
    return Status.CANCELED.value if duplicate or moved else Status.COMPLETED.value
