"""What must hold once people who deleted, archived and brought back items rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worklake.model.heart_rows import Operation as Call
from worklake.model.ids import TaskId
from worklake.model.rows import LinkState
from worklake.sync.heart.store import Loaded
from worklake.sync.rules.putaway import is_open
from worklake.sync.rules.state import ItemKey
from worklake.testing.simulate import checks, edit_checks
from worklake.testing.simulate.case import Broken, Case
from worklake.testing.simulate.shapes import CLOSED
from worklake.testing.simulate.source import SimulatedItem
from worklake.testing.simulate.world import World

if TYPE_CHECKING:
    from worklake.testing.simulate.deletions import DeletingWorld


def check(made: DeletingWorld) -> None:
    """Everything that must hold after quiet. Raises `Broken`."""
    loaded = made.store.load(made.store.all_tasks())
    for key in {key for what, key in made.deeds if what == "archive"}:
        made.truth.overtake(key, "status")
    moved = {_task_of(made, key) for _, key in made.deeds}
    # What people put into the archive and take out of it is not among the edits, but goes over what was given before;
    # so does a deletion that means it, once it is found.
    archived = {
        _task_of(made, key)
        for what, key in made.deeds
        if what in ("archive", "unarchive") or (what == "delete" and made.on_delete[key.source] == "archive")
    }
    for edit in made.truth.edits:  # what is deleted elsewhere moves the status by rules of its own, judged below
        task = edit.task or _task_of(made, edit.key)
        if (edit.field == "status" and task in moved) or (edit.field == "archived" and task in archived):
            edit.last = False
    made_again = {source.made_id(TaskId(task)) for source in made.sources.values() for task in loaded}
    for source in made.sources.values():  # bringing back what lies in the trash is how it is made again
        source.calls = [call for call in source.calls
                        if not (call.operation == "restore" and call.external_id in made_again)]  # fmt: skip
    free = {task: one for task, one in loaded.items() if not any(
        conflict.open and conflict.field in ("task", "deleted") for conflict in one.conflicts)}  # fmt: skip
    case, held_aside = Case(made), Case(made)
    held_aside.loaded = free
    checks._all_agree(held_aside)
    for checker in (edit_checks._edits_are_kept, checks._all_planned, checks._folds):
        checker(case)
    links = {link.key: link.task_id for link in made.store.all_links()}
    for task, one in sorted(loaded.items()) if not (made.undone or made.touched) else ():
        deeds = [(what, key) for what, key in made.deeds if links.get(key) == task]
        _check_task(made, one, deeds)
    _check_duplicates(made)


def _check_duplicates(made: DeletingWorld) -> None:
    links = {link.key: link for link in made.store.all_links()}
    for name, source in made.sources.items():
        homes: dict[str, str] = {}
        for key, item in source.items.items():
            link = links.get(ItemKey(name, key))
            if item.deleted:
                continue
            if link is None:
                raise Broken(f"(c) {key} belongs to no task")
            if link.key not in made.matched and homes.setdefault(link.task_id, key) != key:
                raise Broken(f"(c) {link.task_id} is {homes[link.task_id]} and {key}")
            if link.state is LinkState.DELETED:
                raise Broken(f"(k) {key} is there, and its link says that it is deleted")


def _check_task(made: DeletingWorld, one: Loaded, deeds: list[tuple[str, ItemKey]]) -> None:
    """What people did to a task's items against what became of the others."""
    task = one.task.task_id
    edited = [edit for edit in made.truth.edits if edit.field == "status" and _task_of(made, edit.key) == task
              and (edit.before is not None or edit.value in CLOSED)]  # fmt: skip
    acted = [(what, key) for what, key in deeds if made.on_delete[key.source] != "nothing" or what in ("close", "open")]
    shown = {link.key: made.sources[link.source].items[link.external_id] for link in one.links
             if link.external_id in made.sources[link.source].items}  # fmt: skip
    ours = [write for write in made.store.all_writes()
            if write.task_id == task and write.operation not in (Call.CREATE, Call.UPDATE)]  # fmt: skip
    if not acted and not edited:
        closed = [key for key, item in shown.items() if not item.deleted and item.fields["status"] in CLOSED]
        if closed or ours or not is_open(one.task.fields["status"].value):
            raise Broken(f"(j) nobody closed or deleted {task}, and {closed or ours or 'it'} is put away")
    deleted = {key for what, key in deeds if what == "delete"}
    for key, item in shown.items():
        if item.deleted and key not in deleted and not any(made.on_delete[k.source] == "delete" for k in deleted):
            raise Broken(f"(j) nobody deleted {key}, whose task has no deletion that means that")
    if any(key in made.early for _, key in deeds):
        return
    if len(deeds) == 1 and not edited and deeds[0][0] == "delete":
        _check_deletion(made, one, deeds[0][1], shown)
    if [what for what, _ in deeds] in (["delete", "restore"], ["archive", "unarchive"]) and not edited:
        status = one.task.fields["status"].value
        if deeds[0][1] == deeds[1][1] and made.on_delete[deeds[0][1].source] != "delete" and not is_open(status):
            raise Broken(f"(m) {deeds[0][1]} is back, and its task {task} is {status}")


def _check_deletion(made: DeletingWorld, one: Loaded, gone: ItemKey, shown: dict[ItemKey, SimulatedItem]) -> None:
    """A deletion that nothing else came across ends as its policy says."""
    policy, status = made.on_delete[gone.source], one.task.fields["status"].value
    late = made.matched.keys() - made.known[gone]  # what people made for a task may be met once that is put away
    others = {key: item for key, item in shown.items() if key != gone and key not in late}
    contended = any(each.origin == gone for conflict in made.store.all_conflicts()
                    if conflict.task_id == one.task.task_id for each in conflict.contenders)  # fmt: skip
    if policy == "nothing" or contended:
        return
    for key, item in others.items():
        can_archive = "archived" in made.sources[key.source].shape.fields
        if policy == "close" and (item.deleted or item.fields["status"] not in CLOSED):
            raise Broken(f"(l) {gone} was deleted, and {key} is not closed")
        refused = any(conflict.at_item == key for conflict in made.store.all_conflicts())
        if policy == "delete" and not item.deleted and not refused:
            raise Broken(f"(l) {gone} was deleted, and {key} is not")
        put_away = item.fields.get("archived") if can_archive else item.fields["status"] in CLOSED
        if policy == "archive" and not put_away:
            raise Broken(f"(l) {gone} was deleted, and {key} is not put away")
    if policy in ("close", "delete") and status != "canceled":
        raise Broken(f"(l) {gone} was deleted, and its task is {status}")


def _task_of(made: World, key: ItemKey) -> str | None:
    link = made.store.find([key]).get(key)
    return link.task_id if link is not None else None
