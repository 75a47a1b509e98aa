"""Identities: short, deterministic, and never mixed up.

Ids are derived from what they name, so a run that is killed and repeated arrives at the same ids.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NewType

TaskId = NewType("TaskId", str)
CommentId = NewType("CommentId", str)
PersonId = NewType("PersonId", str)
ProjectId = NewType("ProjectId", str)
MilestoneId = NewType("MilestoneId", str)
ChangeId = NewType("ChangeId", str)
ProposalId = NewType("ProposalId", str)
RunId = NewType("RunId", str)
SourceName = NewType("SourceName", str)
ExternalId = NewType("ExternalId", str)


def digest(*parts: str) -> str:
    """Sixteen hex digits that stand for these parts, in this order."""
    return blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def task_id(source: str, external_id: str) -> TaskId:
    """The id of the task that was born as this item."""
    return TaskId("task_" + digest(source, external_id))


def comment_id(source: str, external_id: str) -> CommentId:
    """The id of the comment that was born as this item."""
    return CommentId("comment_" + digest(source, external_id))


def project_id(source: str, external_id: str) -> ProjectId:
    """The id of a source's project."""
    return ProjectId("project_" + digest(source, external_id))


def milestone_id(source: str, external_id: str) -> MilestoneId:
    """The id of a source's milestone."""
    return MilestoneId("milestone_" + digest(source, external_id))


def change_id(task: str, field: str, source: str, new: str | None, old: str | None, record_hash: str) -> ChangeId:
    """The id of a change: the same record merged again gives the same id, the same edit made again later another."""
    return ChangeId("change_" + digest(task, field, source, new or "", old or "", record_hash))


def proposal_id(first: str, second: str) -> ProposalId:
    """The id of the proposal that two tasks are one, whichever is named first."""
    return ProposalId("proposal_" + digest(*sorted((first, second))))
