"""What must have become of every edit: nothing of what people typed is lost, nothing stands that nobody typed, and who
wins is who the policy lets win. Judged by what people typed and saw.
"""

from __future__ import annotations

import re
from collections import Counter

from worklake.model.fields import FieldValue
from worklake.sync.rules.state import Change, Conflict, ConflictKind
from worklake.sync.rules.values import elements, is_empty, same
from worklake.testing.simulate.case import Case, fail
from worklake.testing.simulate.reference import SCALARS, Contest, is_binding
from worklake.testing.simulate.shapes import CLOSED
from worklake.testing.simulate.truth import PersonEdit

_NUMBER = re.compile(r"^\W*[0-9]+[.)]\s")
_MARKS = re.compile(r"[\W_]+")
_SETS = ("labels", "assignees", "blocked_by")


def _edits_are_kept(case: Case) -> None:
    """(a) Every edit stands, was superseded by a later one, or is in a conflict row; where only the owner may change a
    field, or a set or text was edited, it is at least among the changes.
    """
    for (task, name), contest in case.contests(*SCALARS).items():
        changes = case.world.store.changes(task_id=task)
        excused = contest.agreed(changes) | contest.passed_over(changes)
        for place in contest.binding(case.value(task, name), excused):
            edit = contest.edits[place]
            kept = _in_conflict(case, task, contest, edit) or _refused(case, task, contest, edit)
            if _is_there(case, edit) and not kept and not _may_be_ours(case, edit):
                fail("a", f"{name} {edit.value!r} of {edit.key.external_id or 'a person by hand'} is nowhere")
    for (task, name), contest in case.contests(*_SETS, "description").items():
        for edit in contest.edits:
            changes = case.world.store.changes(task_id=task)
            kept = any(one.origin == edit.key and one.field in (name, "task") for one in changes)
            if (
                is_binding(edit)
                and edit.key.external_id
                and not edit.creates  # its lines and elements are looked for below
                and _is_there(case, edit)
                and not kept
                and not contest.fits(edit, case.value(task, name))
                and not _is_doubted(case, task, edit)
                and not _has_come_true(case, task, edit)
            ):
                fail("a", f"{name} {edit.value!r} of {edit.key.external_id} is nowhere")


def _has_come_true(case: Case, task: str, edit: PersonEdit) -> bool:
    """Whether what was done to a set stands: what was put in is there, and what was taken out is not."""
    if edit.field not in _SETS:
        return False
    before, after, stands = (
        frozenset(map(case.provider.met, elements(value)))
        for value in (
            case.provider.canonical(edit.key.source, edit.field, edit.before),
            case.provider.canonical(edit.key.source, edit.field, edit.value),
            case.value(task, edit.field),
        )
    )
    return after - before <= stands and not (before - after) & stands


def _may_be_ours(case: Case, edit: PersonEdit) -> bool:
    return edit.key.source in case.world.sources and case.may_be_sent(edit.key, edit.field, edit.value)


def _is_there(case: Case, edit: PersonEdit) -> bool:
    source = case.world.sources.get(edit.key.source)
    return source is None or not source.items[edit.key.external_id].deleted


def _in_conflict(case: Case, task: str, contest: Contest, edit: PersonEdit) -> bool:
    """Whether a conflict keeps what was typed, under the name of who typed it, or of who said the same later or more
    finely, or before a person decided that it stands. Where items met, it is enough that somebody says so there, or
    that the task was born with it; and so it is with what others than its owner say of an owned field, which is
    refused, and told, only where it differs from what the task says.
    """
    affirmed = {
        one.origin
        for one in case.world.store.changes(task_id=task)
        if one.field == edit.field and (one.decision.value in ("agreed", "settled") or _refines(case, one, edit))
    }
    if edit.creates and any(
        one.decision.value == "created"
        and case.provider.shows(edit.key.source, edit.field, _new(one, edit.field), edit.value)
        for one in case.world.store.changes(task_id=task)
    ):
        return True
    return any(
        (
            edit.creates
            or one.origin in affirmed
            or one.origin == (edit.key if edit.key.external_id else None)
            or (edit.key.external_id and not contest.lets(edit))
        )
        and case.provider.shows(edit.key.source, edit.field, one.value, edit.value)
        for conflict in case.conflicts.get((task, edit.field), ())
        for one in conflict.contenders
    )


def _refines(case: Case, change: Change, edit: PersonEdit) -> bool:
    """Whether what was typed stood, and an edit put a value in its place that shows there as the same."""
    if change.decision.value != "taken" or isinstance(change.old, dict) or isinstance(change.new, dict):
        return False
    both = (change.old, change.new)
    return all(case.provider.shows(edit.key.source, edit.field, value, edit.value) for value in both)


def _is_doubted(case: Case, task: str, edit: PersonEdit) -> bool:
    """Whether a conflict keeps what was typed as what a person may have done, or a write of ours went over. What was
    taken out of a set is kept as what the task then is without it.
    """
    return any(
        conflict.kind is ConflictKind.OVERWRITTEN
        and one.origin == edit.key
        and (edit.field in _SETS or case.provider.shows(edit.key.source, edit.field, one.value, edit.value))
        for conflict in case.conflicts.get((task, edit.field), ())
        for one in conflict.contenders
    )


def _refused(case: Case, task: str, contest: Contest, edit: PersonEdit) -> bool:
    """Whether only the owner may change the field, and the changes say what somebody else made of it, or a person by
    hand: no conflict keeps that from the owner, who has not seen it.
    """
    if not contest.everyone_may and not edit.key.external_id:
        return any(
            one.field == edit.field
            and one.decision.value in ("settled", "undone")
            and same(one.field, one.new, edit.value)
            for one in case.world.store.changes(task_id=task)
            if not isinstance(one.new, dict)
        )
    return not contest.lets(edit) and any(
        one.origin == edit.key
        and one.decision.value in ("refused", "created")
        and one.field in (edit.field, "task")
        and (edit.creates or case.provider.shows(edit.key.source, edit.field, _new(one, edit.field), edit.value))
        for one in case.world.store.changes(task_id=task)
    )


def _new(change: Change, name: str) -> FieldValue:
    return change.new.get(name) if isinstance(change.new, dict) else change.new


def _sets_are_united(case: Case) -> None:
    """(a, h) What somebody put into a set stands unless somebody took it out; what was taken out is gone unless it was
    put in more than once; nothing else is in it. What waits for a person is in a conflict row.
    """
    for (task, name), contest in case.contests(*_SETS).items():
        stands = frozenset(map(case.provider.met, elements(case.value(task, name))))
        put_in: Counter[str] = Counter()
        taken_out: set[str] = set()
        must_stand: set[str] = set()
        must_be_gone: set[str] = set()
        for edit in contest.edits:
            before, after = (
                elements(case.provider.canonical(edit.key.source, name, value)) for value in (edit.before, edit.value)
            )
            put_in.update(after - before)
            taken_out |= before - after
            if is_binding(edit) and _is_there(case, edit):
                must_stand |= after - before
                must_be_gone |= (before - after) & _surely_known(case, edit)
        if strange := stands - put_in.keys():
            fail("h", f"nobody put {sorted(strange)} into the {name} of {task}")
        if contest.touched or not contest.everyone_may:
            continue
        gone = must_stand - taken_out - stands - _held(case, task, name)
        if lost := {one for one in gone if not case.provider.forms(name, one) & taken_out}:
            fail("a", f"{name} {sorted(lost)} of {task} are lost")
        if back := {one for one in must_be_gone & stands if put_in[one] == 1}:
            fail("a", f"{name} {sorted(back)} of {task} were taken out, and are back")


def _held(case: Case, task: str, name: str) -> frozenset[str]:
    """The elements that an open conflict keeps."""
    rows = [one for one in case.conflicts.get((task, name), ()) if one.open]
    return frozenset().union(*(elements(one.value) for row in rows for one in row.contenders))


def _surely_known(case: Case, edit: PersonEdit) -> frozenset[str]:
    """The elements that Worklake surely knew to be there: that any other is taken out, values do not tell."""
    known = edit.known or (edit.before,)
    return frozenset.intersection(
        *(elements(case.provider.canonical(edit.key.source, edit.field, each)) for each in known)
    )


def _texts_are_whole(case: Case) -> None:
    """(a, h) Every line stands that somebody wrote and nobody took away, or is in a conflict row; none stands that
    nobody wrote, that was taken away, or stands twice.
    """
    for (task, name), contest in case.contests("description").items():
        stands = Counter(_lines(case.value(task, name)))
        if strange := stands.keys() - {line for edit in contest.edits for line in _lines(edit.value)}:
            fail("h", f"nobody wrote {sorted(strange)} in {task}")
        twice = [line for line, count in stands.items() if count > 1]
        if twice:
            fail("h", f"{twice} stand more than once in {task}")
        told = [edit for edit in contest.edits if is_binding(edit) and _is_there(case, edit)]
        gone = {line for edit in contest.edits for line in set(_lines(edit.before)) - set(_lines(edit.value))}
        rows = [one for conflict in case.conflicts.get((task, name), ()) for one in conflict.contenders]
        kept = {line for one in rows for line in _lines(one.value)}
        for edit in told:
            lost = set(_lines(edit.value)) - set(_lines(edit.before)) - gone - kept - stands.keys()
            if lost and not contest.touched:
                fail("a", f"{sorted(lost)} of {edit.key.external_id} are lost")
            back = (set(_lines(edit.before)) - set(_lines(edit.value))) & stands.keys()
            if back and not rows and not contest.touched:
                fail("a", f"{sorted(back)} was taken away in {edit.key.external_id}, and is back")


def _lines(value: FieldValue) -> list[str]:
    """The lines of a text without Markdown's own characters, which each provider writes in its way, and its blanks."""
    bare = (_MARKS.sub(" ", _NUMBER.sub("", line)).strip() for line in str(value or "").split("\n"))
    return [line for line in bare if line]


def _scalars_stand(case: Case) -> None:
    """(h, i) The value that stands was typed, and by whom the policy lets win over everyone who contended."""
    for (task, name), contest in case.contests(*SCALARS).items():
        value = case.value(task, name)
        excused = contest.agreed(case.world.store.changes(task_id=task))
        excused |= {
            place for place, edit in enumerate(contest.edits) if not _is_there(case, edit) or _waits(case, task, edit)
        }
        why = contest.allowed(value, excused)
        if why is not None and not _was_default(case, contest, value):
            fail("h" if why == "nobody typed it" else "i", f"{task} has {name} {value!r}: {why}")
        if name == "status" and not contest.touched and not _is_finest(case, contest, value):
            fail("h", f"{task} has status {value!r}, which nobody typed")


def _waits(case: Case, task: str, edit: PersonEdit) -> bool:
    """Whether an edit waits for a person."""
    return any(
        conflict.open and one.origin == edit.key
        for conflict in case.conflicts.get((task, edit.field), ())
        if conflict.kind is not ConflictKind.REFUSED
        for one in conflict.contenders
    )


def _was_default(case: Case, contest: Contest, value: FieldValue) -> bool:
    """Whether an undo has brought back what a provider gave to an item that we made."""
    return contest.touched and any(
        same(contest.name, source.shape.unset.get(contest.name), value) for source in case.world.sources.values()
    )


def _is_finest(case: Case, contest: Contest, value: FieldValue) -> bool:
    """Whether a status was typed just so, or comes from where open is just open and nothing finer was known."""
    shapes = {edit.key.source: case.provider.shape(edit.key.source) for edit in contest.edits}
    coarse = [edit for edit in contest.edits if (one := shapes[edit.key.source]) and one.is_coarse(edit.value)]
    if any(edit.value == value and (edit not in coarse or _is_chosen(case, edit)) for edit in contest.edits):
        return True
    if value != "unstarted":
        return value == "completed" and any(edit.value == "completed" for edit in coarse)
    return any(edit.creates and edit.value == value for edit in coarse) or any(
        edit.creates and edit.value in CLOSED for edit in contest.edits
    )


def _is_chosen(case: Case, edit: PersonEdit) -> bool:
    """Whether a status was chosen over another open one, or could have been another where an item was opened."""
    shape = case.provider.shape(edit.key.source)
    if edit.creates or edit.value in CLOSED or shape is None:
        return False
    return edit.before not in CLOSED or not shape.is_coarse("started")


def _conflicts_are_sound(case: Case) -> None:
    """(i) Of a conflict settled by time, no contender was later; where a person decides, nothing settles itself."""
    for conflict in case.world.store.all_conflicts():
        policy = case.world.policies.get(conflict.field) or case.world.policies.get("default", "latest")
        if conflict.open or conflict.kind is not ConflictKind.DIFFERS:
            continue
        by_itself = (conflict.task_id, conflict.field) not in case.world.touched and conflict.reason != "all agree"
        if policy == "manual" and by_itself:
            fail("i", f"{conflict.field} of {conflict.task_id} settled itself: {conflict.reason}")
        winner = next((each for each in conflict.contenders if each.origin == conflict.winner), None)
        if policy != "latest" or not by_itself or winner is None or winner.at is None:
            continue
        said = {
            one.origin: one.origin is not None
            and (
                same(conflict.field, winner.value, one.value)
                or case.provider.shows(one.origin.source, conflict.field, winner.value, one.value)
            )
            for one in conflict.contenders
        }
        last = max(one.at for one in conflict.contenders if one.at and (one == winner or said[one.origin]))
        _is_tie_settled_by_order(case, conflict)
        # Where items meet, an empty value beats none, and may have won over other edits before.
        met = any(edit.creates and edit.key == conflict.winner for edit in case.world.truth.edits)
        emptied = [one.at for one in conflict.contenders if one.at and met and is_empty(conflict.field, one.value)]
        for each in conflict.contenders:
            if each.at is not None and any(at >= each.at for at in emptied):
                continue
            if each.at is not None and each.at > last and not said[each.origin]:
                fail("i", f"{conflict.field} {winner.value!r} won over later {each.value!r}")


def _is_tie_settled_by_order(case: Case, conflict: Conflict) -> None:
    """(i) Of two values of the same time, that of the source which the settings name first stands."""
    if len(conflict.contenders) != 2 or len({one.at for one in conflict.contenders}) > 1:
        return
    first, other = sorted(conflict.contenders, key=lambda one: one.origin or ("", ""))
    if first.origin == conflict.winner or first.origin is None or other.origin is None:
        return
    there = all(
        not case.world.sources[one.source].items[one.external_id].deleted for one in (first.origin, other.origin)
    )
    if there and first.origin.source != other.origin.source:
        fail(
            "i", f"{conflict.field} {conflict.value!r} of {conflict.task_id} won over {first.value!r} of the same time"
        )


EDIT_CHECKS = (_edits_are_kept, _sets_are_united, _texts_are_whole, _scalars_stand, _conflicts_are_sound)
