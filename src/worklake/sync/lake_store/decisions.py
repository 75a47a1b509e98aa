"""Changes and conflicts as rows of `changes` and `conflicts`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from worklake.sync.lake_store.texts import from_nullable, from_text, to_nullable, to_text
from worklake.sync.rules.state import BY_HAND, Change, Conflict, ConflictKind, Contender, Decision, ItemKey


def change_row(change: Change, number: int) -> dict[str, Any]:
    """The row of a change."""
    source, external_id = change.origin or (BY_HAND, None)
    return {
        "change_id": change.change_id,
        "task_id": change.task_id,
        "field": change.field,
        "old": to_nullable(change.old),
        "new": to_nullable(change.new),
        "source": source,
        "external_id": external_id,
        "actor": change.actor,
        "changed_at": change.changed_at,
        "decision": change.decision.value,
        "reason": change.reason,
        "batch": 0,
        "run_id": change.run_id,
        "observed_at": change.observed_at,
        "position": change.position,
        "number": number,
    }


def change_of(row: Mapping[str, Any]) -> Change:
    """A change as it stands in its row."""
    return Change(
        change_id=row["change_id"],
        task_id=row["task_id"],
        field=row["field"],
        old=from_nullable(row["old"]),
        new=from_nullable(row["new"]),
        origin=_item(row["source"], row["external_id"]),
        actor=row["actor"],
        changed_at=row["changed_at"],
        decision=Decision(row["decision"]),
        reason=row["reason"],
        position=row["position"],
        run_id=row["run_id"],
        observed_at=row["observed_at"],
    )


def conflict_row(conflict: Conflict) -> dict[str, Any]:
    """The row of a conflict."""
    winner, at_item = conflict.winner or (None, None), conflict.at_item or (None, None)
    return {
        "conflict_id": conflict.conflict_id,
        "task_id": conflict.task_id,
        "field": conflict.field,
        "kind": conflict.kind.value,
        "contenders": to_text([_contender(one) for one in conflict.contenders]),
        "is_open": conflict.open,
        "reason": conflict.reason,
        "run_id": conflict.run_id,
        "opened_at": conflict.opened_at,
        "settled_at": conflict.settled_at,
        "winner_source": winner[0],
        "winner_external_id": winner[1],
        "value": to_nullable(conflict.value),
        "at_source": at_item[0],
        "at_external_id": at_item[1],
        "mapping": conflict.mapping,
    }


def _contender(one: Contender) -> dict[str, Any]:
    source, external_id = one.origin or (BY_HAND, None)
    return {
        "source": source,
        "external_id": external_id,
        "value": one.value,
        "changed_at": one.at,
        "actor": one.actor,
    }


def conflict_of(row: Mapping[str, Any]) -> Conflict:
    """A conflict as it stands in its row."""
    return Conflict(
        conflict_id=row["conflict_id"],
        task_id=row["task_id"],
        field=row["field"],
        kind=ConflictKind(row["kind"]),
        contenders=tuple(
            Contender(
                _item(one["source"], one["external_id"]),
                one["value"],
                datetime.fromisoformat(one["changed_at"]) if one["changed_at"] else None,
                one["actor"],
            )
            for one in from_text(row["contenders"])
        ),
        open=row["is_open"],
        reason=row["reason"],
        run_id=row["run_id"],
        opened_at=row["opened_at"],
        settled_at=row["settled_at"],
        winner=_item(row["winner_source"], row["winner_external_id"]),
        value=from_nullable(row["value"]),
        at_item=_item(row["at_source"], row["at_external_id"]),
        mapping=row["mapping"],
    )


def _item(source: str | None, external_id: str | None) -> ItemKey | None:
    return ItemKey(source, external_id) if source is not None and external_id is not None else None
