"""GitHub's records for a seeded world."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta

from worklake.sandbox.github.entities import (
    Comment,
    Commit,
    Event,
    Issue,
    Milestone,
    Permission,
    Project,
    ProjectItem,
    Pull,
    Repository,
    User,
)
from worklake.sandbox.github.store import Store
from worklake.sandbox.world import GITHUB_OWNER, Work, World

STATUS_LABELS = {"triage": "needs triage", "backlog": "backlog", "started": "in progress"}
"""Labels by which the team tells what open and closed, with the reason of closing, cannot."""
PRIORITY_LABELS = {word: f"priority: {word}" for word in ("urgent", "high", "medium", "low")}
_FIRST_REPOSITORY, _FIRST_ISSUE = 700, 50_000
_COLORS = ("d73a4a", "0075ca", "a2eeef", "7057ff", "008672", "e4e669", "d876e3")
_REPOSITORY_LABELS = ("docs", "tech debt")


def store_from(world: World) -> Store:
    """The records of everything in the world that GitHub holds."""
    store = Store()
    _add_people(store, world)
    begun = world.now - timedelta(days=400)
    for project in world.projects:
        number = _FIRST_REPOSITORY + project.number
        store.repositories[number] = Repository(number, GITHUB_OWNER, project.slug, project.description, begun, begun)
    _add_labels(store, world)
    _add_milestones(store, world)
    held = [work for work in world.work if "github" in work.held_by]
    for work in held:
        _add_issue(store, world, work)
    for work in held:
        _relate(store, work)
    for place, work in enumerate(held[:: max(1, len(held) // 8)][:8]):
        _add_pull(store, work, place)
    for repository in store.repositories.values():
        repository.commits.insert(0, Commit(sha_of(repository.full_name), "Initial commit", 1, begun, []))
    for place, work in enumerate(held[:6]):
        _add_commit(store, world, work, place)
    _add_project(store, world, held)
    return store


def _add_people(store: Store, world: World) -> None:
    for person in world.people:
        permission: Permission = "admin" if person.number == 1 else "write"
        if person.number == len(world.people) > 2:
            permission = "read"
        store.users[person.number] = User(person.number, person.username, person.name, person.email, permission)
    bot = len(world.people) + 1
    store.users[bot] = User(bot, "worklake[bot]", "worklake", "", "write", bot=True)


def _add_labels(store: Store, world: World) -> None:
    names = [*world.labels, *STATUS_LABELS.values(), *PRIORITY_LABELS.values()]
    for repository in store.repositories.values():
        for place, name in enumerate(names):
            if name in _REPOSITORY_LABELS and repository.id % 2:
                continue
            store.label(repository, name).color = _COLORS[place % len(_COLORS)]


def _add_milestones(store: Store, world: World) -> None:
    for one in world.milestones:
        repository = store.repositories[_FIRST_REPOSITORY + one.project]
        number = len(repository.milestones) + 1
        due = datetime.combine(one.due_date, time(8), UTC)
        closed = one.due_date < world.now.date() - timedelta(days=30)
        repository.milestones[number] = Milestone(
            store.next_id(), number, one.title, 1, repository.created_at, repository.created_at, None, due,
            "closed" if closed else "open", due if closed else None,
        )  # fmt: skip


def _add_issue(store: Store, world: World, work: Work) -> None:
    assert work.github_number is not None
    repository = store.repositories[_FIRST_REPOSITORY + work.project]
    closed = work.closed_at is not None
    names = [*work.labels, STATUS_LABELS.get(work.status), PRIORITY_LABELS.get(work.priority)]
    milestone = None
    if work.milestone is not None:
        title = world.milestones[work.milestone - 1].title
        milestone = next(number for number, one in repository.milestones.items() if one.title == title)
    issue = Issue(
        _FIRST_ISSUE + work.number, work.github_number, repository.id, work.title, work.author, work.created_at,
        work.updated_at, world.description_at(work, "github") or None, "closed" if closed else "open",
        ("not_planned" if work.status == "canceled" else "completed") if closed else None, work.closed_at,
        work.author if closed else None, [store.label(repository, name).name for name in names if name], milestone,
        list(work.assignees),
    )  # fmt: skip
    store.add_issue(issue)
    if work.closed_at is not None:
        issue.events.append(Event(store.next_id(), "closed", work.author, work.closed_at))
    for remark in work.comments:
        store.add_comment(Comment(store.next_id(), issue.id, remark.author, remark.body, remark.at, remark.at))


def _relate(store: Store, work: Work) -> None:
    issue = store.issues[_FIRST_ISSUE + work.number]
    if work.parent is not None and _FIRST_ISSUE + work.parent in store.issues:
        issue.parent_id = _FIRST_ISSUE + work.parent
    issue.blocked_by = [_FIRST_ISSUE + one for one in sorted(work.blocked_by) if _FIRST_ISSUE + one in store.issues]


def _add_project(store: Store, world: World, held: list[Work]) -> None:
    """A project with GitHub's own options, that holds two of three issues, and of these some without an option."""
    begun = world.now - timedelta(days=300)
    options = {sha_of("option", name)[:8]: name for name in ("Todo", "In Progress", "Done")}
    project = Project(store.next_id(), GITHUB_OWNER, 1, "Roadmap", begun, begun, options)
    ids = {name: one for one, name in options.items()}
    for place, work in enumerate(held):
        if place % 3 == 2:
            continue
        name = {"started": "In Progress", "completed": "Done", "canceled": "Done"}.get(work.status, "Todo")
        option = None if place % 7 == 0 else ids[name]
        issue_id = _FIRST_ISSUE + work.number
        project.items[issue_id] = ProjectItem(
            store.next_id(), issue_id, work.created_at, work.updated_at, option, work.updated_at if option else None
        )
    store.projects.append(project)


def sha_of(*parts: object) -> str:
    """A commit's name, made of what it is."""
    return hashlib.sha1("\0".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def _add_pull(store: Store, work: Work, place: int) -> None:
    """A pull request about a piece of work: it is numbered, listed and discussed like an issue."""
    repository = store.repositories[_FIRST_REPOSITORY + work.project]
    number, branch = repository.last_number + 1, f"{work.github_number}-work"
    merged = work.updated_at if place % 3 == 0 else None
    sha = sha_of(repository.full_name, branch)
    pull = Pull(store.next_id(), branch, sha, place % 5 == 4, merged, merged_by_id=1 if merged else None)
    if merged:
        message = f"Merge pull request #{number} from {GITHUB_OWNER}/{branch}\n\n{work.title}"
        repository.commits.append(Commit(sha_of(sha, "merge"), message, 1, merged, [sha]))
    issue = Issue(
        store.next_id(), number, repository.id, work.title, work.author, work.created_at, work.updated_at,
        f"Fixes #{work.github_number}", "closed" if merged else "open", None, merged, 1 if merged else None,
        pull=pull,
    )  # fmt: skip
    store.add_issue(issue)
    store.add_comment(Comment(store.next_id(), issue.id, 1, "Looks good to me.", work.updated_at, work.updated_at))


def _add_commit(store: Store, world: World, work: Work, place: int) -> None:
    """A commit straight onto the default branch, each with another way of naming work, or with none."""
    repository = store.repositories[_FIRST_REPOSITORY + work.project]
    other = next((one.linear_number for one in world.work if one.linear_number is not None), None)
    messages = (
        f"Tidy up after #{work.github_number}",
        f"{work.title}\n\nFixes #{work.github_number}",
        f"Follow {repository.full_name}#{work.github_number}",
        f"Prepare ENG-{other}" if other is not None else "Prepare the release",
        "Format the code",
        f"Show how it is written\n\n`Fixes #{work.github_number}`",
    )
    at = world.now - timedelta(days=20, hours=place)
    sha = sha_of(repository.full_name, "commit", place)
    repository.commits.append(Commit(sha, messages[place], work.author, at, [repository.commits[0].sha]))
