"""Looking for what a person edited between our reading of an item and the answer of our write, and that it overwrote.

No provider here writes on a condition, so it cannot be prevented. Where the provider's history names who edited what,
it is found at the next plan, by one reading of the history for each item that was written, and shown as a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from worklake.model.fields import FIELDS, MergeKind
from worklake.model.heart_rows import Write
from worklake.model.ids import digest
from worklake.sync.heart.histories import READS, Histories
from worklake.sync.heart.joined import followed
from worklake.sync.heart.ports import Clock, Port, Ports
from worklake.sync.heart.store import Loaded, Store, StoredLink
from worklake.sync.heart.views import Names, names_for
from worklake.sync.rules.state import Conflict, ConflictKind, Contender, ItemKey, Standing
from worklake.sync.rules.told import Told, overwritten
from worklake.sync.rules.values import same

_PATIENCE = timedelta(hours=1)
"""How long a history may lag behind: before that, one that lacks our own write is read again by the next run."""


def is_checked_later(port: Port, fields: Iterable[str]) -> bool:
    """Whether the history of a source could tell what a write of these fields overwrote.

    Sets are written by element where the provider can, and what others put in meanwhile shows in the answer.
    """
    capabilities = port.integration.capabilities
    return capabilities.tells_editor and any(
        name in capabilities.field_history and FIELDS[name].merge is not MergeKind.SET for name in fields
    )


def look_for_overwritten(store: Store, ports: Ports, run_id: str, clock: Clock) -> dict[str, str]:
    """Open a conflict for each edit that a write went over; gives, per source, what kept us from looking.

    Each item's history is read once, unless it does not tell of our own write yet. What is too much for one run is left
    to the next ones.
    """
    by_item: dict[ItemKey, list[Write]] = {}
    for write in store.unchecked():
        if write.source in ports and ports[write.source].asked:
            by_item.setdefault(ItemKey(write.source, str(write.external_id)), []).append(write)
    if not by_item:
        return {}
    followed_writes, loaded = followed(store, [write for writes in by_item.values() for write in writes])
    now = {write.write_id: write for write in followed_writes}
    names = names_for(store, {name: port.people for name, port in ports.items()}, loaded.values())
    histories, failed, conflicts, checked = Histories(ports), dict[str, str](), list[Conflict](), list[Write]()
    for key, writes in sorted(by_item.items()):
        if histories.reads >= READS:
            break
        fields = {name for write in writes for name in _asked_of(write, ports[key.source])}
        told = histories.read(key, min(_since(write) for write in writes), fields, names[key.source])
        if not isinstance(told, list):
            failed[key.source] = str(told)
            continue
        for write in writes:
            if _lags(write, told, ports[key.source]) and clock() - (write.finished_at or clock()) < _PATIENCE:
                continue
            checked.append(write.model_copy(update={"checked": True}))
            of_task = now[write.write_id]
            one = loaded.get(of_task.task_id)
            if one is not None:
                its_own = _until_the_next(write, writes, told)
                conflicts += _conflicts(of_task, its_own, one, names[key.source], ports[key.source], run_id, clock())
    if conflicts:
        store.commit(conflicts=conflicts)
    if checked:
        store.finish(checked)
    return failed


def _until_the_next(write: Write, writes: Iterable[Write], told: Iterable[Told]) -> list[Told]:
    """What was told until we read the item to write the same field again: what came then is not of this write, which
    leaves nothing in a history where a person had just made the same edit.
    """
    later = [one for one in writes if one.intended_at > write.intended_at and one.revision is not None]
    return [
        one for one in told if not any(one.field in each.sent and one.at > (each.revision or one.at) for each in later)
    ]


def _since(write: Write) -> datetime:
    return write.revision or write.intended_at


def _asked_of(write: Write, port: Port) -> list[str]:
    history = port.integration.capabilities.field_history
    return [name for name in write.sent if name in history and FIELDS[name].merge is not MergeKind.SET]


def _lags(write: Write, told: Sequence[Told], port: Port) -> bool:
    """Whether the history does not tell of this write of our own yet, nor of a person who made the same edit."""
    shown = write.shown or {}
    moved = [
        name for name in _asked_of(write, port) if name in shown and not same(name, shown[name], write.before.get(name))
    ]
    return any(
        not any(one.field == name and (one.ours or (one.known and same(name, one.after, shown[name]))) for one in told)
        for name in moved
    )


def _conflicts(
    write: Write, told: Sequence[Told], loaded: Loaded, names: Names, port: Port, run_id: str, now: datetime
) -> list[Conflict]:
    before, shown = names.canonical(write.before), names.canonical(write.shown or {})
    key = ItemKey(write.source, str(write.external_id))
    link = loaded.link_of(key)
    found = []
    for name in _asked_of(write, port):
        if name not in shown or name not in before:
            continue
        lost = overwritten(name, before[name], shown[name], told, write.revision)
        if lost is not None:
            found.append(_conflict(name, lost, write, loaded, link, run_id, now))
    return found


def _conflict(
    name: str, lost: Told, write: Write, loaded: Loaded, link: StoredLink | None, run_id: str, now: datetime
) -> Conflict:
    """The conflict of one edit that a write went over; settled already where the field was edited there since."""
    standing = loaded.task.fields.get(name, Standing(FIELDS[name].empty))
    contenders = [Contender(standing.origin, standing.value, standing.at, standing.actor)]
    key = ItemKey(write.source, str(write.external_id))
    if lost.known:
        contenders = [one for one in contenders if one.origin != key]
        contenders.append(Contender(key, lost.after, lost.at, lost.actor))
    still = link is not None and same(name, link.seen.get(name), (write.shown or {}).get(name))
    who = lost.actor or "somebody"
    words = f"{who} edited {name} in {write.source} while Worklake was writing it, and {write.run_id} went over that"
    return Conflict(
        conflict_id="conflict_" + digest(write.task_id, name, "overwritten", write.write_id),
        task_id=write.task_id,
        field=name,
        kind=ConflictKind.OVERWRITTEN,
        contenders=tuple(contenders),
        open=still,
        reason=words if lost.known else f"{words}; {write.source} does not tell what it was",
        run_id=run_id,
        opened_at=now,
        settled_at=None if still else now,
        value=None if still else standing.value,
        at_item=key,
    )
