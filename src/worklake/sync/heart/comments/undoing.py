"""What a person takes back or decides of copies of comments."""

from __future__ import annotations

from collections.abc import Sequence

from worklake.errors import InvalidInputError
from worklake.model.heart_rows import Operation, PlannedStep, SavedPlan, Write
from worklake.model.ids import digest
from worklake.model.rows import LinkState
from worklake.sync.heart.leaving import leave_comment
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.store import Store
from worklake.sync.rules.comments import COMMENT, CommentLink, comment_step, copy_at, same_text
from worklake.sync.rules.state import Conflict, ConflictKind, Contender, ItemKey
from worklake.sync.rules.task import Moment

_BACK = {Operation.CREATE: Operation.DELETE, Operation.DELETE: Operation.CREATE}


def take_back_comment(write: Write, comments: Sequence[CommentLink], ports: Ports) -> PlannedStep | str:
    """The step that deletes a copy again, makes it again, or gives it the text that it had; or why there is none."""
    copy = copy_at(comments, ItemKey(write.source, str(write.comment_id)))
    made_again = write.operation is Operation.DELETE
    there = copy is not None and copy.state is LinkState.LINKED
    if write.source not in ports or copy is None or (not there and not made_again):
        return "the comment is not there any more"
    if made_again and there:
        return "the comment stands there again"
    if copy.state is LinkState.MISSING:
        return "somebody else has deleted the comment"
    if not made_again and not same_text(copy.body, str((write.shown or {}).get(COMMENT))):
        return "it was changed since"
    before, operation = write.before.get(COMMENT), _BACK.get(write.operation, Operation.UPDATE)
    step = comment_step(
        operation,
        write.task_id,
        str(write.comment_id),
        write.source,
        write.external_id,
        None if before is None else str(before),
        None if operation is Operation.CREATE else copy.body,
        f"takes back what {write.run_id} wrote",
    )
    return step.model_copy(update={"undoes": write.write_id})


def hold_comment(step: PlannedStep, comments: Sequence[CommentLink], saved: SavedPlan, moment: Moment) -> Conflict:
    """The conflict that keeps the next sync from writing a comment again that was taken back."""
    place = ItemKey(step.source, str(step.comment_id))
    origin = next((one for one in comments if one.comment_id == step.comment_id and one.is_born), None)
    contenders = [Contender(place, step.fields.get(COMMENT), None)]
    if origin is not None:
        contenders.insert(0, Contender(origin.key, origin.body, origin.revision, origin.person))
    return Conflict(
        conflict_id="conflict_" + digest(step.task_id, COMMENT, *place, "undone", moment.run_id),
        task_id=step.task_id,
        field=COMMENT,
        kind=ConflictKind.UNDONE,
        contenders=tuple(contenders),
        open=True,
        reason=f"{saved.undoes} was undone",
        run_id=moment.run_id,
        opened_at=moment.now,
        at_item=place,
    )


def settle_comment(store: Store, conflict: Conflict, settled: Conflict, moment: Moment) -> Conflict:
    """Keep that a conflict over a copy is settled. What a comment says, its author says: the next plan writes that to
    the copy, once more. Where a person takes the copy, it stays as it is.

    Raises `InvalidInputError` where a person takes anything else.
    """
    if settled.winner is None:
        raise InvalidInputError(
            f"{settled.conflict_id} is about the copy of a comment, which says what its author wrote: take the source "
            "where it was written to have it copied again, or give --leave to leave the copy as it is"
        )
    if settled.winner == settled.at_item:
        return leave_comment(store, conflict, moment)
    store.commit(conflicts=[settled])
    return settled
