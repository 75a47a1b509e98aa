"""How a simulated provider shows and changes what it is given: its resolution and its oddities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from worklake.integrations.base import Lens, Payload
from worklake.integrations.views import TaskView, View
from worklake.model.fields import Fields, FieldValue
from worklake.model.rows import Kind
from worklake.sync.rules.values import same
from worklake.testing.simulate.comments import comment_view

EMPTY: Mapping[str, FieldValue] = {
    "title": "", "description": None, "status": "backlog", "priority": "none", "labels": [], "assignees": [],
    "due_date": None, "parent_id": None, "blocked_by": [],
}  # fmt: skip
"""The fields of the simulation, with what an item shows of them when nothing is set."""
MORE: Mapping[str, FieldValue] = {
    "start_date": None, "estimate_minutes": None, "estimate_points": None, "confidential": False,
}  # fmt: skip
"""Fields that only the kinds of real providers have."""
FULL: Mapping[str, FieldValue] = {**EMPTY, **MORE}
PEOPLE = ("kim", "lee", "eve")
OUTSIDER = "zed"
"""Has an account in some sources and is nobody that Worklake knows."""
CLOSED = ("completed", "canceled")


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of provider.

    `coarse_status` tells open from closed only, `title_limit` cuts titles silently, `rewrites` changes Markdown,
    `trims` takes white space off titles, `lowers_labels` changes their case and `drops_labels` knows but every second
    label, `minute_clock` rounds times, `clock_off` is how far the clock is off, `makes_ids` accepts ids that we make,
    `incremental` lists by change, `lags` brings older states in listings, `reads_many` reads items together; `lacks`
    are fields that it does not have, `fixed` those that only people can set, `later` those that a creation cannot set,
    `strangers` people without an account, `outsiders` says that others have one; it `refuses` titles with a `#`, which
    it `names_refused` or not, `tells_times` of edits, field by field, `forgets_times` of some, `whole` are the sets
    that it takes as a whole, and `deletes` items and `restores` them. `history` says how much its history of edits
    tells (nothing, who edited which field when, or the values too), `history_lag_seconds` how late. A person's edit of
    a `silent` field leaves the item's own time as it was: a listing by change does not bring it.
    """

    coarse_status: bool = False
    title_limit: int | None = None
    rewrites: bool = False
    trims: bool = False
    lowers_labels: bool = False
    drops_labels: bool = False
    minute_clock: bool = False
    clock_off: timedelta = timedelta()
    makes_ids: bool = False
    incremental: bool = True
    lags: bool = False
    reads_many: bool = True
    lacks: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset({"status"})
    strangers: frozenset[str] = frozenset()
    outsiders: bool = False
    refuses: bool = False
    names_refused: bool = True
    tells_times: bool = False
    forgets_times: bool = False
    whole: frozenset[str] = frozenset()
    deletes: bool = True
    restores: bool = True
    history: Literal["none", "editors", "values"] = "none"
    history_lag_seconds: float = 0
    silent: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """What it is called."""
        return "shape"

    @property
    def lens(self) -> Lens:
        """What Worklake knows of it."""
        return SimulatedLens(self)

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it has."""
        return frozenset(EMPTY) - self.lacks

    @property
    def unset(self) -> Fields:
        """What a new item shows of which nothing is set."""
        return self.stored(EMPTY)

    @property
    def writable(self) -> frozenset[str]:
        """The fields that we can set."""
        return self.fields - self.fixed

    @property
    def told(self) -> frozenset[str]:
        """The fields of whose edits its history tells."""
        return self.fields if self.history != "none" else frozenset()

    def stored(self, fields: Fields) -> dict[str, FieldValue]:
        """What the provider makes of values that it is given."""
        made = dict(fields)
        title, text, labels = made.get("title"), made.get("description"), made.get("labels")
        if isinstance(title, str):
            made["title"] = self._title(title)
        if self.rewrites and isinstance(text, str):
            made["description"] = text.replace("- ", "* ")
        if isinstance(labels, list):
            made["labels"] = sorted({self._label(one) for one in labels if not (self.drops_labels and _is_odd(one))})
        if "status" in made:
            made["status"] = self.status(made["status"])
        return made

    def _title(self, title: str) -> str:
        if self.title_limit is not None:
            title = title[: self.title_limit].rstrip()
        return title.strip() if self.trims else title

    def _label(self, label: str) -> str:
        return label.lower() if self.lowers_labels else label

    def status(self, status: FieldValue) -> FieldValue:
        """How it shows a status."""
        if not self.coarse_status:
            return status
        return "completed" if status in CLOSED else "unstarted"

    def is_coarse(self, status: FieldValue) -> bool:
        """Whether what it shows as this status may be one of several."""
        return self.coarse_status

    def shows(self, name: str, canonical: FieldValue, shown: FieldValue) -> bool:
        """Whether an item that was given this value would show that."""
        return same(name, self.stored({name: canonical})[name], shown)

    def account(self, source: str, person: str) -> str:
        """The id of a person's account in a source of this kind."""
        return f"{source}.{person}"

    def person(self, source: str, account: str) -> str:
        """The person of an account."""
        return account.removeprefix(f"{source}.")

    def new_id(self, source: str, number: int) -> str:
        """The id that a source of this kind gives its item of this number."""
        return f"{source}{number}"

    def time(self, now: datetime) -> datetime:
        """How it tells a time."""
        told = now + self.clock_off
        return told.replace(second=0, microsecond=0) if self.minute_clock else told


def _is_odd(label: str) -> bool:
    return label[-1:] in ("1", "3", "5", "7", "9")


def beside(random: Random) -> Random:
    """Another sequence, which follows from where this one is and leaves it there: so that seeds stay what they are."""
    return Random(hash(random.getstate()[1]))  # noqa: S311  schedules are not secrets


def random_shape(random: Random) -> Shape:
    """A provider with some oddities."""

    def maybe(chance: float) -> bool:
        return random.random() < chance

    minute, makes_ids = maybe(0.4), maybe(0.4)
    return Shape(
        coarse_status=maybe(0.4),
        title_limit=random.choice([None, None, 14]),
        rewrites=maybe(0.25),
        trims=maybe(0.2),
        lowers_labels=maybe(0.1),
        drops_labels=maybe(0.1),
        minute_clock=minute,
        clock_off=timedelta(hours=random.choice([0, 0, 0, 0, -3, 5])),
        makes_ids=makes_ids,
        incremental=maybe(0.7),
        lags=not minute and maybe(0.2),  # within the minute, nobody can tell which of two states is older
        reads_many=maybe(0.7),
        lacks=frozenset(random.choice([(), (), ("due_date",), ("description", "labels"), ("parent_id", "blocked_by")])),
        fixed=frozenset(random.choice([(), (), (), (), ("priority",), ("due_date", "assignees")])),
        later=frozenset(random.choice([(), ("status",), ("status",), ("status", "due_date", "labels")])),
        strangers=frozenset(random.choice([(), (), ("lee",)])),
        outsiders=maybe(0.2),
        refuses=maybe(0.2),
        names_refused=maybe(0.7),
        tells_times=maybe(0.6),
        forgets_times=maybe(0.2),
        whole=frozenset({"assignees"} if maybe(0.2) else ()),
        deletes=maybe(0.8),
        restores=makes_ids or maybe(0.5),
        history=random.choice(["none", "none", "editors", "values"]),
        history_lag_seconds=random.choice([0, 0, 200]),
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
        for name in self._shape.fixed & projected.keys():
            if shown is None or name not in shown:
                del projected[name]
            else:
                projected[name] = shown[name]
        if "status" in projected:
            projected["status"] = self._shape.status(projected["status"])
        return projected

    def fingerprint(self) -> str:
        """See `Lens.fingerprint`."""
        return "simulated"
