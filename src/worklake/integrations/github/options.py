"""The status of an issue by the option that it has in a project's field (Projects v2), where the settings name one."""

from __future__ import annotations

from datetime import datetime

from worklake.integrations.base import Payload
from worklake.integrations.github.labels import LabelFields
from worklake.integrations.github.settings import ProjectSettings
from worklake.integrations.reading import optional_object, optional_text, optional_time, time
from worklake.model.fields import OPEN_STATUSES, FieldValue, Status

CARD = "_project_card"
"""Key under which an open issue carries what the project says of it: `{"option", "moved_at", "reopened_at"}`, or null
where it is not in the project. REST tells nothing of projects. Without the key nobody knows: the project could not be
read.
"""
LONGEST = 1000


class OptionFields:
    """The status of the issues of a source with a project.

    Closed wins: what the project says of a closed issue means nothing, as GitHub moves such an issue to Done by itself
    unless that workflow is off. An open issue whose option stands for a closed status has that status: GitHub closes it
    in a moment where that workflow is on, and else a person has said that it is done. Unless the issue was opened again
    since: then the option is the one from before, and the issue is started.
    """

    def __init__(self, project: ProjectSettings, labels: LabelFields) -> None:
        self._labels = labels
        self._meanings = {option.lower(): status.value for option, status in project.status.items()}
        self._options: dict[str, str] = {}
        for option, status in project.status.items():
            self._options.setdefault(status.value, option)

    def tells(self, payload: Payload) -> bool:
        """Whether anybody knows the status: not of an open issue while the project cannot be read."""
        return CARD in payload or payload.get("state") != "open"

    def status(self, payload: Payload) -> str:
        """What the option stands for, as far as it agrees with open and closed."""
        if payload.get("state") != "open":
            return self._labels.status(payload)
        card = optional_object(payload, CARD)
        status = self.meaning_of(optional_text(card, "option", LONGEST) if card else None)
        if status is None:
            return Status.UNSTARTED.value
        is_from_before = payload.get("state_reason") == "reopened" and card is not None and not _moved_since(card)
        return Status.STARTED.value if status not in OPEN_STATUSES and is_from_before else status

    def fit_status(self, status: FieldValue, now: FieldValue) -> str:
        """The status as the project can show it: an open one without an option for it as unstarted."""
        if status not in OPEN_STATUSES or status in self._options:
            return str(status)
        return Status.UNSTARTED.value

    def put_status(self, payload: Payload, status: FieldValue) -> None:
        """Open or close, and move the card of what is open."""
        self._labels.put_status(payload, status)
        if status in OPEN_STATUSES:
            option = self.option_of(str(status))
            payload[CARD] = {"option": option, "moved_at": None} if option is not None else None

    def meaning_of(self, option: str | None) -> str | None:
        """The status that an option stands for, in whatever case it is written; None for one without a meaning."""
        return self._meanings.get(option.lower()) if option is not None else None

    def option_of(self, status: str) -> str | None:
        """The option that is written for a status."""
        return self._options.get(status)


def _moved_since(card: Payload) -> bool:
    """Whether a card was moved after its issue was opened again; not where both were in one second."""
    moved, reopened = optional_time(card, "moved_at"), optional_time(card, "reopened_at")
    return moved is not None and reopened is not None and moved > reopened


def changed_at(payload: Payload) -> datetime:
    """When an issue was changed or, if that was later, its card moved, which does not touch the issue's own time."""
    changed, card = time(payload, "updated_at"), payload.get(CARD)
    moved = optional_time(card, "moved_at") if isinstance(card, dict) else None
    return changed if moved is None else max(changed, moved)
