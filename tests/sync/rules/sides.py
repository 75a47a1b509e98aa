"""Items for the tests of the rules: providers of differing resolution, as small as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from worklake.model.fields import FIELDS, Fields, FieldValue
from worklake.sync.rules.state import Edited, ItemKey, Pair, Side, Standing, TaskState

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Exact:
    """Shows and takes everything."""

    fields: frozenset[str] = frozenset(FIELDS)
    writable: frozenset[str] = frozenset(FIELDS)

    def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        return dict(canonical)


class OpenOrClosed(Exact):
    """Tells open from closed only, and knows the people `known`."""

    known = frozenset({"kim", "lee"})

    def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        fields = dict(canonical)
        if "status" in fields:
            fields["status"] = "completed" if fields["status"] in ("completed", "canceled") else "unstarted"
        if "assignees" in fields:
            fields["assignees"] = [one for one in fields["assignees"] or [] if one in self.known]
        return fields


def task(minutes: int = 0, origin: str = "A", **values: FieldValue) -> TaskState:
    standings = {name: Standing(value, at(minutes), ItemKey(origin, "1")) for name, value in values.items()}
    return TaskState("task_1", standings, version=1, last_open=values.get("status", "unstarted"))


def side(
    source: str,
    seen: Mapping[str, FieldValue] | None,
    view: Mapping[str, FieldValue] | None = None,
    minutes: int = 0,
    resolution: Exact | None = None,
    adjusted: Mapping[str, tuple[Pair, ...]] | None = None,
) -> Side:
    return Side(
        key=ItemKey(source, "1"),
        resolution=resolution or Exact(),
        seen=dict(seen or {}),
        view=dict(view if view is not None else seen or {}),
        rank=ord(source[0]) - ord("A"),
        adjusted=adjusted or {},
        edited=Edited(at(minutes)),
    )
