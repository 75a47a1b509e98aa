"""Copies of comments that a tool does not take."""

from __future__ import annotations

from collections.abc import Iterable

from worklake.model.heart_rows import PlannedStep
from worklake.model.ids import digest
from worklake.sync.rules.comments import COMMENT, CommentLink
from worklake.sync.rules.state import Conflict, ConflictKind, Contender, ItemKey
from worklake.sync.rules.task import Moment


def refusal(
    step: PlannedStep, copy: CommentLink | None, comments: Iterable[CommentLink], words: str, moment: Moment
) -> Conflict:
    """The conflict over one copy that its tool refused in these words, with what its author wrote and what stands."""
    text, place = step.fields[COMMENT], ItemKey(step.source, str(step.comment_id))
    origin = next((link for link in comments if link.comment_id == step.comment_id and link.is_born), None)
    return Conflict(
        conflict_id="conflict_" + digest(step.task_id, COMMENT, *place, str(text)),
        task_id=step.task_id,
        field=COMMENT,
        kind=ConflictKind.REFUSED,
        contenders=(
            Contender(origin.key if origin else None, text, moment.now),
            Contender(place, copy.body if copy is not None else None, None),
        ),
        open=True,
        reason=words,
        run_id=moment.run_id,
        opened_at=moment.now,
        value=text,
        at_item=place,
    )
