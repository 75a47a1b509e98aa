"""The seeded world: one team and its work, before any provider has shown it in its own way.

`build_world` is deterministic: the same seed, sizes and moment give the same world. Providers take from it the pieces
of work that live with them and show them as they would.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from worklake.sandbox import homes, texts

GITLAB_GROUP = "team"
"""The path of the GitLab group that holds every project: project `web` is `team/web`."""
GITHUB_OWNER = "team"
"""The organisation that owns every GitHub repository: project `web` is `team/web`."""
LINEAR_TEAM_KEY = "ENG"
"""The key of the one Linear team: its issues are `ENG-1`, `ENG-2`, …"""
LINEAR_WORKSPACE = "team"
"""The Linear workspace's URL key: an issue's address is `https://linear.app/team/issue/ENG-1`."""

WITHOUT_ADDRESSES = frozenset({"motion"})
"""Providers that tell no address of an item."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the team; `gitlab_username` is what GitLab shows instead of the e-mail address."""

    number: int
    name: str
    email: str
    username: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Project:
    """A strand of the team's work: a project of the same name in each tool that has projects."""

    number: int
    name: str
    slug: str
    description: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone of one project."""

    number: int
    project: int
    title: str
    start_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class Cycle:
    """Two weeks of the team's work, Monday to Monday (`due_date` is the first day after it)."""

    number: int
    start_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment by a person (its number), in Markdown."""

    author: int
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work, as its people think of it. Numbers refer to people, projects, milestones and other work.

    `status` is one of triage, backlog, unstarted, started, completed, canceled; `priority` one of none, urgent, high,
    medium, low. `held_by` names the providers that hold it. Held by several, `tie` says how one can see that the items
    are the same work: `url` (the other item's URL stands in the description), `attachment` (Linear attaches it), or
    `title` (nothing but the same title). `held_by` begins with the provider where the work was first written down.
    `gitlab_iid` and `github_number` count within the project, `linear_number` within the team; None where the provider
    does not hold it.
    `cycle` is the number of one of the world's cycles.
    """

    number: int
    title: str
    description: str
    status: str
    priority: str
    project: int
    author: int
    created_at: datetime
    updated_at: datetime
    held_by: tuple[str, ...]
    tie: str | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[int, ...] = ()
    milestone: int | None = None
    cycle: int | None = None
    due_date: date | None = None
    start_date: date | None = None
    estimate_minutes: int | None = None
    estimate_points: int | None = None
    parent: int | None = None
    blocked_by: tuple[int, ...] = ()
    confidential: bool = False
    archived: bool = False
    started_at: datetime | None = None
    closed_at: datetime | None = None
    comments: tuple[Remark, ...] = ()
    gitlab_iid: int | None = None
    linear_number: int | None = None
    github_number: int | None = None


@dataclass(frozen=True, slots=True)
class World:
    """A team, its projects and all of its work at the moment `now` (UTC).

    Numbers begin at 1 and give the place in the tuple: `people[number - 1]`, `work[number - 1]`, … `base_urls` is set
    by the server: provider kind to base URL without a trailing slash.
    """

    seed: int
    now: datetime
    people: tuple[Person, ...]
    projects: tuple[Project, ...]
    milestones: tuple[Milestone, ...]
    labels: tuple[str, ...]
    work: tuple[Work, ...] = field(repr=False)
    cycles: tuple[Cycle, ...] = ()
    base_urls: Mapping[str, str] = field(default_factory=dict)

    def url_of(self, work: Work, provider: str) -> str:
        """Where a browser finds the item of a piece of work at a provider that holds it."""
        if provider == "gitlab":
            base = self.base_urls.get("gitlab", "https://gitlab.example.com")
            return f"{base}/{GITLAB_GROUP}/{self.projects[work.project - 1].slug}/-/issues/{work.gitlab_iid}"
        if provider == "notion":
            return f"https://www.notion.so/{notion_page_id(self.seed, work.number).replace('-', '')}"
        if provider == "github":
            base = self.base_urls.get("github", "https://github.example.com")
            return f"{base}/{GITHUB_OWNER}/{self.projects[work.project - 1].slug}/issues/{work.github_number}"
        return f"https://linear.app/{LINEAR_WORKSPACE}/issue/{LINEAR_TEAM_KEY}-{work.linear_number}"

    def description_at(self, work: Work, provider: str) -> str:
        """The description as it stands at a provider: tied by `url`, every copy names the address of the first item
        that has one.
        """
        addressed = next((one for one in work.held_by if one not in WITHOUT_ADDRESSES), provider)
        if work.tie != "url" or provider == addressed:
            return work.description
        note = f"Copied from {self.url_of(work, addressed)}"
        return f"{work.description}\n\n{note}" if work.description else note


def notion_page_id(seed: int, number: int) -> str:
    """The id of the Notion page of a piece of work."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"{seed}/notion/work/{number}".encode()).digest()[:16], version=4))


def build_world(seed: int, now: datetime, tasks: int, people: int, providers: Sequence[str]) -> World:
    """A team and exactly `tasks` pieces of work, each held by at least one of `providers`, all in the past of `now`."""
    if tasks < 0 or people < 1 or not providers:
        raise ValueError("a world needs at least one person and one provider, and no fewer than 0 tasks")
    rng = Random(seed)  # noqa: S311 - a reproducible world, not a secret
    team = _team(people)
    projects = tuple(
        Project(number, *texts.PROJECTS[number - 1])
        for number in range(1, min(len(texts.PROJECTS), 3 + tasks // 100) + 1)
    )
    milestones = _milestones(projects, now)
    cycles = _cycles(now)
    maker = _WorkMaker(rng, now, team, projects, milestones, cycles, tuple(providers), tasks)
    work = tuple(maker.make(number) for number in range(1, tasks + 1))
    return World(seed, now, team, projects, milestones, texts.LABELS, work, cycles)


def _team(size: int) -> tuple[Person, ...]:
    people: list[Person] = []
    taken: set[str] = set()
    for number in range(1, size + 1):
        name = texts.person_name(number - 1)
        plain = name.lower().translate(_PLAIN).replace(" ", ".").replace("'", "")
        tail = str(number) if number > _DISTINCT_NAMES else ""
        first, last = plain.split(".", 1)
        short = f"{first}-{last[0]}"
        username = short if number % 3 == 1 and short not in taken else f"{first}.{last}{tail}"
        taken.add(username)
        people.append(Person(number, name, f"{plain}{tail}@team.example", username, active=size < 4 or number < size))
    return tuple(people)


_PLAIN = str.maketrans({"ë": "e", "ł": "l", "ø": "o", "é": "e", "ü": "u", "ö": "o", "í": "i", "á": "a", "Ö": "o",
                        "Ł": "l"})  # fmt: skip
_DISTINCT_NAMES = len(texts.FIRST_NAMES) * len(texts.LAST_NAMES)


def _milestones(projects: tuple[Project, ...], now: datetime) -> tuple[Milestone, ...]:
    milestones: list[Milestone] = []
    for project in projects:
        start = now.date() - timedelta(days=150 + 7 * project.number)
        for title in texts.MILESTONES[: 3 + project.number % 4]:
            due = start + timedelta(days=60)
            milestones.append(Milestone(len(milestones) + 1, project.number, title, start, due))
            start = due + timedelta(days=1)
    return tuple(milestones)


def _cycles(now: datetime) -> tuple[Cycle, ...]:
    monday = now.date() - timedelta(days=now.date().weekday())
    starts = [monday + timedelta(weeks=2 * offset) for offset in range(-_PAST_CYCLES, 3)]
    return tuple(Cycle(number, day, day + timedelta(weeks=2)) for number, day in enumerate(starts, start=1))


_PAST_CYCLES = 12
_CURRENT_CYCLE = _PAST_CYCLES + 1
_OLDEST = timedelta(days=240)
_STATUSES = ("triage", "backlog", "unstarted", "started", "completed", "canceled")
_STATUS_SHARES = (0.05, 0.27, 0.45, 0.60, 0.94, 1.0)
_PRIORITIES = ("none", "urgent", "high", "medium", "low")
_PRIORITY_SHARES = (0.45, 0.50, 0.65, 0.87, 1.0)
_TIES = ("url", "attachment", "title")


def _pick(draw: float, words: tuple[str, ...], shares: tuple[float, ...]) -> str:
    for word, share in zip(words, shares, strict=True):
        if draw < share:
            return word
    return words[-1]


class _WorkMaker:
    """Makes one piece of work after the other, remembering what later work may refer to."""

    def __init__(
        self,
        rng: Random,
        now: datetime,
        team: tuple[Person, ...],
        projects: tuple[Project, ...],
        milestones: tuple[Milestone, ...],
        cycles: tuple[Cycle, ...],
        providers: tuple[str, ...],
        tasks: int,
    ) -> None:
        self._rng, self._now, self._cycles, self._providers = rng, now, cycles, providers
        self._tasks = tasks
        self._people = len(team)
        self._projects = len(projects)
        self._usernames = [person.username for person in team]
        self._milestones = {
            project.number: [one.number for one in milestones if one.project == project.number] for project in projects
        }
        self._titles: dict[str, int] = {}
        self._earlier: dict[tuple[str, int], list[int]] = {}
        self._linear_number = 0
        self._iids = dict.fromkeys(range(1, len(projects) + 1), 0)
        self._github_numbers = dict(self._iids)
        # One evening somebody tidied up: these share their time of change to the microsecond.
        self._tidied_at = now - timedelta(days=21, microseconds=654321)

    def make(self, number: int) -> Work:
        """The next piece of work."""
        draw = self._rng.random
        # The square makes the first projects the busiest.
        project = 1 + int(draw() ** 2 * self._projects)
        several = len(self._providers) > 2
        held_by = homes.holders(draw, self._providers) if several else self._holders()
        status = _pick(draw(), _STATUSES, _STATUS_SHARES)
        closed = status in ("completed", "canceled")
        age = 1 - (number - draw()) / self._tasks
        created_at = self._now - timedelta(days=2) - _OLDEST * age
        updated_at = created_at + (self._now - timedelta(minutes=2) - created_at) * draw()
        if number % 97 == 0 and created_at < self._tidied_at:
            updated_at = self._tidied_at
        started_at = created_at + (updated_at - created_at) * 0.4 if status in ("started", "completed") else None
        earlier = self._earlier.setdefault((held_by[0], project), [])
        work = Work(
            number=number,
            title=self._title(),
            description=texts.description(self._rng, self._usernames),
            status=status,
            priority=_pick(draw(), _PRIORITIES, _PRIORITY_SHARES),
            project=project,
            author=self._person(),
            created_at=created_at,
            updated_at=updated_at,
            held_by=held_by,
            tie=self._tie(held_by),
            labels=homes.labels(held_by, self._labels()) if several else self._labels(),
            assignees=self._assignees(),
            milestone=self._one_of(self._milestones[project]) if draw() < 0.35 else None,
            cycle=self._cycle(status, updated_at),
            due_date=self._due(held_by, number, closed),
            start_date=(created_at + timedelta(days=int(draw() * 20))).date() if draw() < 0.15 else None,
            estimate_minutes=15 * (1 + int(draw() * 40)) if draw() < 0.3 else None,
            estimate_points=(1, 2, 3, 5, 8)[int(draw() * 5)] if draw() < 0.35 else None,
            parent=self._one_of(earlier) if earlier and draw() < 0.08 else None,
            blocked_by=tuple({self._one_of(earlier), self._one_of(earlier)}) if earlier and draw() < 0.05 else (),
            confidential=draw() < 0.03,
            archived=closed and draw() < 0.08,
            started_at=started_at,
            closed_at=created_at + (updated_at - created_at) * 0.9 if closed else None,
            comments=self._comments(created_at, updated_at) if draw() < 0.22 else (),
            gitlab_iid=self._next_iid(project) if "gitlab" in held_by else None,
            linear_number=self._next_linear_number() if "linear" in held_by else None,
            github_number=self._next_github_number(project) if "github" in held_by else None,
        )
        if len(held_by) == 1:
            earlier.append(number)
            del earlier[:-40]
        return work

    def _holders(self) -> tuple[str, ...]:
        providers = self._providers
        if len(providers) == 1:
            return providers
        first = int(self._rng.random() * len(providers))
        if self._rng.random() >= 0.1:
            return (providers[first],)
        other = (first + 1 + int(self._rng.random() * (len(providers) - 1))) % len(providers)
        return providers[first], providers[other]

    def _tie(self, held_by: tuple[str, ...]) -> str | None:
        if len(held_by) == 1:
            return None
        draw = self._rng.random()
        return homes.tie(draw, held_by) if len(self._providers) > 2 else _TIES[int(draw * len(_TIES))]

    def _title(self) -> str:
        title = texts.title(self._rng)
        times = self._titles[title] = self._titles.get(title, 0) + 1
        return title if times == 1 else f"{title} ({times})"

    def _person(self) -> int:
        return 1 + int(self._rng.random() * self._people)

    def _one_of(self, numbers: list[int]) -> int:
        return numbers[int(self._rng.random() * len(numbers))]

    def _labels(self) -> tuple[str, ...]:
        many = int(self._rng.random() ** 2 * 4)
        if not many:
            return ()
        chosen = dict.fromkeys(texts.LABELS[int(self._rng.random() * len(texts.LABELS))] for _ in range(many))
        scopes = {label.rpartition("::")[0] or label: label for label in chosen}
        return tuple(scopes.values())

    def _assignees(self) -> tuple[int, ...]:
        draw = self._rng.random()
        if draw < 0.3:
            return ()
        if draw < 0.93:
            return (self._person(),)
        return tuple({self._person(): None, self._person(): None})

    def _cycle(self, status: str, updated_at: datetime) -> int | None:
        draw = self._rng.random()
        if status == "started":
            return _CURRENT_CYCLE if draw < 0.6 else None
        if status == "unstarted":
            return _CURRENT_CYCLE + int(draw * 6) if draw < 0.33 else None
        if status == "completed" and draw < 0.4:
            age = (updated_at.date() - self._cycles[0].start_date).days // 14
            return age + 1 if age >= 0 else None
        return None

    def _due_date(self, closed: bool) -> date | None:
        draw = self._rng.random
        share, today = draw(), self._now.date()
        if share < 0.04:
            return today
        if share < 0.12:
            return today - timedelta(days=1 + int(draw() * 40))
        if share < 0.32:
            return today + timedelta(days=(-60 if closed else 1) + int(draw() * 60))
        return None

    def _due(self, held_by: tuple[str, ...], number: int, closed: bool) -> date | None:
        drawn = self._due_date(closed)
        return homes.due_date(held_by, drawn, number, self._now.date()) if len(self._providers) > 2 else drawn

    def _comments(self, created_at: datetime, updated_at: datetime) -> tuple[Remark, ...]:
        many = 1 + int(self._rng.random() ** 2 * 4)
        step = (updated_at - created_at) / (many + 1)
        return tuple(
            Remark(self._person(), texts.comment(self._rng, self._usernames), created_at + step * place)
            for place in range(1, many + 1)
        )

    def _next_iid(self, project: int) -> int:
        self._iids[project] += 1
        return self._iids[project]

    def _next_linear_number(self) -> int:
        self._linear_number += 1
        return self._linear_number

    def _next_github_number(self, project: int) -> int:
        self._github_numbers[project] += 1
        return self._github_numbers[project]
