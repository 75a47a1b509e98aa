"""Motion's records for a seeded world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from worklake.sandbox.motion.entities import NONE, Comment, Project, Status, Task, User, Workspace
from worklake.sandbox.motion.html import to_html
from worklake.sandbox.motion.store import Store, made_id
from worklake.sandbox.world import Work, World

TEAM, PRIVATE = "Team", "My Tasks"
"""The workspace that holds the world's work, and the key's owner's own, which is empty and has other statuses."""
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)

STATUSES = (
    Status("Todo", default=True),
    Status("In Progress"),
    Status("Completed", resolved=True),
    Status("Canceled"),
    Status("Backlog"),
    Status("Not Started"),
)
_PRIVATE_STATUSES = (Status("Someday", default=True), Status("Doing"), Status("Finished", resolved=True))
_STATUS_NAMES = {
    "triage": "Backlog", "backlog": "Backlog", "unstarted": "Todo", "started": "In Progress", "completed": "Completed",
    "canceled": "Canceled",
}  # fmt: skip
_PRIORITIES = {"urgent": "ASAP", "high": "HIGH", "medium": "MEDIUM", "low": "LOW", "none": "MEDIUM"}


def store_from(world: World, clock: Callable[[], datetime]) -> Store:
    """The records of everything in the world that Motion holds."""
    begun = _to_the_millisecond(world.now - timedelta(days=400))
    users = {one.number: User(made_id(world.seed, "us", one.number), one.name, one.email) for one in world.people}
    team = Workspace(
        made_id(world.seed, "ws", 1), TEAM, "TEAM", made_id(world.seed, "tm", 1), STATUSES, list(world.labels),
        tuple(user.id for user in users.values()),
    )  # fmt: skip
    me = users[1].id
    own = Workspace(made_id(world.seed, "ws", 2), PRIVATE, "INDIVIDUAL", None, _PRIVATE_STATUSES, [], (me,))
    projects = {
        one.number: Project(
            made_id(world.seed, "pr", one.number), one.name, to_html(one.description), team.id, begun, begun
        )
        for one in world.projects
    }
    store = Store(
        world.seed, clock, me, {user.id: user for user in users.values()}, {one.id: one for one in (team, own)},
        {one.id: one for one in projects.values()}, {}, {},
    )  # fmt: skip
    for work in world.work:
        if "motion" in work.held_by:
            task = _task(world, work, team, users, projects)
            store.tasks[task.id] = task
            store.comments[task.id] = [
                Comment(made_id(world.seed, "co", work.number * 100 + number), task.id, to_html(remark.body),
                        _to_the_millisecond(remark.at), users[remark.author].id)
                for number, remark in enumerate(work.comments)
            ]  # fmt: skip
    store.schedule()
    return store


def _task(world: World, work: Work, team: Workspace, users: dict[int, User], projects: dict[int, Project]) -> Task:
    status = team.status(_STATUS_NAMES[work.status])
    assert status is not None
    placed = work.estimate_minutes is not None and work.due_date is not None
    created, updated = _to_the_millisecond(work.created_at), _to_the_millisecond(work.updated_at)
    return Task(
        id=made_id(world.seed, "tk", 1_000_000 + work.number),
        name=work.title,
        workspace=team.id,
        status=status,
        creator=users[work.author].id,
        created=created,
        updated=updated,
        html=to_html(world.description_at(work, "motion")),
        duration=work.estimate_minutes or NONE,
        due=datetime.combine(work.due_date, END_OF_DAY) if work.due_date else None,
        deadline="SOFT" if placed else "NONE",
        start_on=work.start_date,
        priority=_PRIORITIES[work.priority],
        labels=list(work.labels),
        assignee=users[work.assignees[0]].id if work.assignees else None,
        project=projects[work.project].id,
        completed=updated if status.resolved else None,
        interacted=updated,
        auto=placed,
        settles_at=updated if placed else None,
    )


def _to_the_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
