"""Labels that stand for something GitHub has no field for: how far an open issue is, and how urgent an issue is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from worklake.integrations.base import Payload
from worklake.integrations.github.settings import LONGEST_LABEL, GitHubSettings
from worklake.integrations.reading import optional_text, unreadable
from worklake.model.fields import OPEN_STATUSES, Fields, FieldValue, Priority, Status

LONGEST = 1000
_OPEN = frozenset(status.value for status in OPEN_STATUSES)
_UNNAMEABLE = frozenset({"", ".", ".."})
"""Names that cannot stand in the path of a call, without which a label is not taken off again."""


class Meaning(NamedTuple):
    """What a label stands for. Of several on an issue the one that the settings name first counts."""

    rank: int
    value: str
    label: str


class Labelling(NamedTuple):
    """Labels to put on an issue and to take off it."""

    added: list[str]
    removed: list[str]


class LabelFields:
    """The fields that live in labels: status (with open and closed), priority, and the labels that are just labels.

    GitHub tells labels apart whatever their case, and so do these.
    """

    def __init__(self, settings: GitHubSettings) -> None:
        self._status = _meanings({label: status.value for label, status in settings.status_labels.items()})
        self._priority = _meanings({label: word.value for label, word in settings.priority_labels.items()})

    def status(self, payload: Payload) -> str:
        """Open and closed are GitHub's word, and why it was closed; of an open issue a label may say more."""
        state = payload.get("state")
        if state == "open":
            return _meant(payload, self._status) or Status.UNSTARTED.value
        if state != "closed":
            unreadable("state", state, "open or closed")
        reason = optional_text(payload, "state_reason", LONGEST)
        return (Status.CANCELED if reason in ("not_planned", "duplicate") else Status.COMPLETED).value

    def fit_status(self, status: FieldValue, now: FieldValue) -> str:
        """The status as GitHub would show it: an open one without a label for it as unstarted."""
        if status not in _OPEN or any(one.value == status for one in self._status.values()):
            return str(status)
        return Status.UNSTARTED.value

    def put_status(self, payload: Payload, status: FieldValue) -> None:
        """Open or close, and replace the labels of other statuses with this one's."""
        is_open = status in _OPEN
        payload["state"] = "open" if is_open else "closed"
        payload["state_reason"] = None if is_open else "not_planned" if status == Status.CANCELED else "completed"
        if is_open:
            payload["closed_at"] = None
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
        return sorted({name for name in names_of(payload) if self.meaning_of(name) == "labels"})

    def fit_labels(self, labels: FieldValue, now: FieldValue) -> list[str]:
        """Those of these labels that GitHub takes, each in one case: the one in which it is there, if it is."""
        assert isinstance(labels, list)
        there = {name.lower(): name for name in now} if isinstance(now, list) else {}
        fitted: dict[str, str] = {}
        for label in sorted(labels):
            name = " ".join(label.replace("\0", "").split())[:LONGEST_LABEL].rstrip()
            if name not in _UNNAMEABLE and self.meaning_of(name) == "labels":
                fitted.setdefault(name.lower(), there.get(name.lower(), name))
        return sorted(fitted.values())

    def put_labels(self, payload: Payload, labels: FieldValue) -> None:
        """Replace the labels that stand for nothing else."""
        assert isinstance(labels, list)
        kept = [one for one in payload["labels"] if _name(one) in labels or self.meaning_of(_name(one)) != "labels"]
        there = {_name(one) for one in kept}
        payload["labels"] = [*kept, *({"name": name} for name in labels if name not in there)]

    def edited(self, fields: Fields, shown: Fields, there: Iterable[str]) -> Labelling:
        """The labels to put on and to take off, so that an issue that shows `shown`, and has these labels now, shows
        these fields too.
        """
        present = {name.lower(): name for name in there}
        added: list[str] = []
        removed: list[str] = []
        for name, meanings in (("status", self._status), ("priority", self._priority)):
            if name in fields:
                label = _label_of(meanings, str(fields[name]))
                added += [label] if label is not None and label.lower() not in present else []
                others = [other for other in meanings if label is None or other != label.lower()]
                removed += [present[other] for other in others if other in present]
        if "labels" in fields:
            wanted, now = fields["labels"], shown.get("labels") or []
            assert isinstance(wanted, list) and isinstance(now, list)
            kept = {name.lower() for name in wanted} & {name.lower() for name in now}
            added += [one for one in wanted if one.lower() not in kept]
            removed += [one for one in now if one.lower() not in kept]
        return Labelling(added, removed)

    def meaning_of(self, label: str) -> str:
        """The field that a label belongs to: status, priority or labels."""
        folded = label.lower()
        return "status" if folded in self._status else "priority" if folded in self._priority else "labels"


def names_of(payload: Payload) -> list[str]:
    """The names of an issue's labels, which GitHub sends as objects and, by its description, may send as texts."""
    labels = payload.get("labels")
    if type(labels) is not list:
        unreadable("labels", labels, "a list of labels")
    return [_name(one) for one in labels]


def _name(label: object) -> str:
    name = label.get("name") if isinstance(label, dict) else label
    if type(name) is not str or "\0" in name:
        unreadable("labels", label, "labels with a name")
    return name


def _label_of(meanings: Mapping[str, Meaning], value: str) -> str | None:
    return next((meaning.label for meaning in meanings.values() if meaning.value == value), None)


def _meanings(values: Mapping[str, str]) -> dict[str, Meaning]:
    return {label.lower(): Meaning(rank, value, label) for rank, (label, value) in enumerate(values.items())}


def _meant(payload: Payload, meanings: Mapping[str, Meaning]) -> str | None:
    found = [meanings[name.lower()] for name in names_of(payload) if name.lower() in meanings]
    return min(found).value if found else None


def _replace(payload: Payload, meanings: Mapping[str, Meaning], value: str) -> None:
    label = _label_of(meanings, value)
    wanted = label.lower() if label is not None else None
    kept = [one for one in payload["labels"] if _name(one).lower() not in meanings or _name(one).lower() == wanted]
    there = {_name(one).lower() for one in kept}
    payload["labels"] = kept if label is None or wanted in there else [*kept, {"name": label}]
