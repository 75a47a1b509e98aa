"""How a simulated provider shows and changes what it is given: its resolution and its oddities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal

from worklake.integrations.base import Lens, Payload, TaskView, View
from worklake.model.fields import Fields, FieldValue
from worklake.model.rows import Kind
from worklake.testing.simulate.comments import comment_view

EMPTY: Mapping[str, FieldValue] = {
    "title": "", "description": None, "status": "backlog", "labels": [], "assignees": [], "due_date": None,
}  # fmt: skip
"""The fields of the simulation, with what an item shows of them when nothing is set."""
PEOPLE = ("kim", "lee", "eve")


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of provider.

    `coarse_status` tells open from closed only, `title_limit` cuts titles silently, `rewrites` changes Markdown,
    `minute_clock` rounds times, `makes_ids` accepts ids that we make, `incremental` lists by change; `lacks` are
    fields that it does not have, `strangers` people without an account; it `refuses` titles with a `#`, and
    `tells_times` of edits, field by field. `history` says how much its history of edits tells (nothing, who edited
    which field when, or the values too), `history_lag_seconds` how late.
    """

    coarse_status: bool = False
    title_limit: int | None = None
    rewrites: bool = False
    minute_clock: bool = False
    makes_ids: bool = False
    incremental: bool = True
    lacks: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    refuses: bool = False
    tells_times: bool = False
    history: Literal["none", "editors", "values"] = "none"
    history_lag_seconds: float = 0

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it has."""
        return frozenset(EMPTY) - self.lacks

    def stored(self, fields: Fields) -> dict[str, FieldValue]:
        """What the provider makes of values that it is given."""
        made = dict(fields)
        title, text = made.get("title"), made.get("description")
        if self.title_limit is not None and isinstance(title, str):
            made["title"] = title[: self.title_limit].rstrip()
        if self.rewrites and isinstance(text, str):
            made["description"] = text.replace("- ", "* ")
        if "status" in made:
            made["status"] = self.status(made["status"])
        return made

    def status(self, status: FieldValue) -> FieldValue:
        """How it shows a status."""
        if not self.coarse_status:
            return status
        return "completed" if status in ("completed", "canceled") else "unstarted"

    def time(self, now: datetime) -> datetime:
        """How it tells a time."""
        return now.replace(second=0, microsecond=0) if self.minute_clock else now


def random_shape(random: Random) -> Shape:
    """A provider with some oddities."""
    coarse = random.random() < 0.4
    return Shape(
        coarse_status=coarse,
        title_limit=random.choice([None, None, 14]),
        rewrites=random.random() < 0.25,
        minute_clock=random.random() < 0.4,
        makes_ids=random.random() < 0.4,
        incremental=random.random() < 0.7,
        lacks=frozenset(random.choice([(), (), ("due_date",), ("description", "labels")])),
        strangers=frozenset(random.choice([(), (), ("lee",)])),
        refuses=random.random() < 0.2,
        tells_times=random.random() < 0.6,
    )


class SimulatedLens(Lens):
    """What Worklake knows of a shape. It does not know how values are cut or rewritten: that it learns by looking."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def view(self, kind: Kind, payload: Payload) -> View:
        """See `Lens.view`."""
        if kind is Kind.COMMENT:
            return comment_view(payload)
        return TaskView(
            fields=dict(payload["fields"]),
            key=None,
            url=None,
            created_at=payload["updated_at"],
            updated_at=payload["updated_at"],
            completed_at=None,
            author=None,
            markers=list(payload["markers"]),
            deleted=bool(payload["deleted"]),
        )

    def put(self, fields: Fields, payload: Payload) -> Payload:
        """See `Lens.put`."""
        return {**payload, "fields": {**payload["fields"], **self.project(fields, payload["fields"])}}

    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """See `Lens.project`."""
        projected = {name: value for name, value in fields.items() if name in self._shape.fields}
        if "status" in projected:
            projected["status"] = self._shape.status(projected["status"])
        return projected

    def fingerprint(self) -> str:
        """See `Lens.fingerprint`."""
        return "simulated"
