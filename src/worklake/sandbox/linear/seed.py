"""From the seeded world to a Linear workspace: one team that works, one that is empty so that issues can move."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from worklake.sandbox.linear.entities import (
    Attachment,
    Comment,
    Cycle,
    Issue,
    IssueLabel,
    IssueRelation,
    Organization,
    Project,
    ProjectMilestone,
    ProjectStatus,
    Team,
    User,
    WorkflowState,
)
from worklake.sandbox.linear.markdown import normalised
from worklake.sandbox.linear.store import Store
from worklake.sandbox.linear.times import moment
from worklake.sandbox.world import LINEAR_TEAM_KEY, LINEAR_WORKSPACE, Work, World

_TEAMS = (("Engineering", LINEAR_TEAM_KEY), ("Operations", "OPS"))
_STATES = (
    ("Triage", "triage", "#fc7840"), ("Backlog", "backlog", "#bec2c8"), ("Todo", "unstarted", "#e2e2e2"),
    ("In Progress", "started", "#f2c94c"), ("In Review", "started", "#0f783c"), ("Done", "completed", "#5e6ad2"),
    ("Canceled", "canceled", "#95a2b3"), ("Duplicate", "duplicate", "#95a2b3"),
)  # fmt: skip
_PROJECT_STATUSES = (
    ("Backlog", "backlog"), ("Planned", "planned"), ("In Progress", "started"), ("Paused", "paused"),
    ("Completed", "completed"), ("Canceled", "canceled"),
)  # fmt: skip
_COLORS = ("#eb5757", "#f2994a", "#f2c94c", "#4cb782", "#26b5ce", "#4ea7fc", "#5e6ad2", "#bb87fc", "#95a2b3")
_PRIORITIES = {"none": 0, "urgent": 1, "high": 2, "medium": 3, "low": 4}
_FOUNDED_BEFORE = timedelta(days=365)


def build_store(world: World) -> Store:
    """The workspace of that world, as it is at the world's moment."""
    return _Builder(world).build()


class _Builder:
    def __init__(self, world: World) -> None:
        self.world = world
        self.store = Store(world.seed)
        self.founded = moment(world.now - _FOUNDED_BEFORE)
        self.users: dict[int, str] = {}
        self.projects: dict[int, str] = {}
        self.milestones: dict[int, str] = {}
        self.cycles: dict[int, str] = {}
        self.labels: dict[str, str] = {}
        self.states: dict[str, list[str]] = {}
        self.issues: dict[int, str] = {}

    def build(self) -> Store:
        self.store.organization = Organization(
            id=self.store.new_id("organization"), created_at=self.founded, updated_at=self.founded, name="Team",
            url_key=LINEAR_WORKSPACE,
        )  # fmt: skip
        self._people()
        for name, key in _TEAMS:
            self._team(name, key)
        self._labels()
        self._projects()
        self._cycles()
        held = [work for work in self.world.work if "linear" in work.held_by]
        for work in held:
            self._issue(work)
        for work in held:
            self._links(work)
        return self.store

    def _people(self) -> None:
        for person in self.world.people:
            self.users[person.number] = self.store.new_id("user")
            self.store.users.insert(
                User(
                    id=self.users[person.number],
                    created_at=self.founded,
                    updated_at=self.founded,
                    name=person.name,
                    display_name=person.username,
                    email=person.email,
                    active=person.active,
                    admin=person.number == 1,
                )
            )

    def _team(self, name: str, key: str) -> None:
        team = Team(
            id=self.store.new_id("team"), created_at=self.founded, updated_at=self.founded, name=name, key=key,
            member_ids=list(self.users.values()),
        )  # fmt: skip
        self.store.teams.insert(team)
        for position, (state_name, kind, color) in enumerate(_STATES):
            state = WorkflowState(
                id=self.store.new_id("state"), created_at=self.founded, updated_at=self.founded, name=state_name,
                type=kind, color=color, position=position, team_id=team.id,
            )  # fmt: skip
            self.store.states.insert(state)
            if key == LINEAR_TEAM_KEY:
                self.states.setdefault(kind, []).append(state.id)
            if kind == "backlog":
                team.default_state_id = state.id

    def _labels(self) -> None:
        groups: dict[str, str] = {}
        for number, name in enumerate(self.world.labels):
            group = name.rpartition("::")[0]
            if group and group not in groups:
                groups[group] = self._label(group, "#95a2b3", is_group=True, parent_id=None)
            self.labels[name] = self._label(
                name, _COLORS[number % len(_COLORS)], is_group=False, parent_id=groups.get(group)
            )

    def _label(self, name: str, color: str, *, is_group: bool, parent_id: str | None) -> str:
        label = IssueLabel(
            id=self.store.new_id("label"), created_at=self.founded, updated_at=self.founded, name=name, color=color,
            is_group=is_group, parent_id=parent_id, creator_id=next(iter(self.users.values())),
        )  # fmt: skip
        return self.store.labels.insert(label).id

    def _projects(self) -> None:
        store = self.store
        statuses = {}
        for position, (name, kind) in enumerate(_PROJECT_STATUSES):
            status = ProjectStatus(
                id=store.new_id("project status"), created_at=self.founded, updated_at=self.founded, name=name,
                type=kind, color=_COLORS[position], position=position,
            )  # fmt: skip
            statuses[kind] = store.project_statuses.insert(status).id
        people = list(self.users.values())
        for project in self.world.projects:
            identity = self.projects[project.number] = store.new_id("project")
            store.projects.insert(
                Project(
                    id=identity,
                    created_at=self.founded,
                    updated_at=self.founded,
                    name=project.name,
                    description=project.description,
                    slug_id=identity.replace("-", "")[:12],
                    status_id=statuses["started"],
                    started_at=self.founded,
                    team_ids=[team.id for team in store.teams],
                    lead_id=people[project.number % len(people)],
                    creator_id=people[0],
                    member_ids=people[:3],
                    sort_order=float(project.number),
                )
            )
        self._milestones()

    def _milestones(self) -> None:
        for milestone in self.world.milestones:
            identity = self.milestones[milestone.number] = self.store.new_id("milestone")
            self.store.milestones.insert(
                ProjectMilestone(
                    id=identity,
                    created_at=self.founded,
                    updated_at=self.founded,
                    name=milestone.title,
                    project_id=self.projects[milestone.project],
                    target_date=milestone.due_date.isoformat(),
                    sort_order=float(milestone.number),
                )
            )

    def _cycles(self) -> None:
        team = self.store.find_team(LINEAR_TEAM_KEY)
        for cycle in self.world.cycles:
            identity = self.cycles[cycle.number] = self.store.new_id("cycle")
            ends = _midnight(cycle.due_date)
            self.store.cycles.insert(
                Cycle(
                    id=identity,
                    created_at=self.founded,
                    updated_at=self.founded,
                    number=cycle.number,
                    team_id=team.id,
                    starts_at=_midnight(cycle.start_date),
                    ends_at=ends,
                    completed_at=ends if ends <= moment(self.world.now) else None,
                )
            )

    def _issue(self, work: Work) -> None:
        store = self.store
        team = store.find_team(LINEAR_TEAM_KEY)
        number = work.linear_number or team.last_number + 1
        team.last_number = max(team.last_number, number)
        created, updated = moment(work.created_at), moment(work.updated_at)
        author = self.users[work.author]
        assignee = self.users[work.assignees[0]] if work.assignees else None
        states = self.states[work.status]
        cycle_id = self.cycles.get(work.cycle) if work.cycle else None
        closed_at = moment(work.closed_at or work.updated_at)
        issue = Issue(
            id=store.new_id("issue"), created_at=created, updated_at=updated, team_id=team.id, number=number,
            identifier=f"{team.key}-{number}", title=work.title,
            description=normalised(self.world.description_at(work, "linear")) or None,
            priority=_PRIORITIES[work.priority], estimate=work.estimate_points,
            due_date=work.due_date.isoformat() if work.due_date else None,
            state_id=states[work.number % 3 % len(states)], assignee_id=assignee, creator_id=author,
            project_id=self.projects[work.project],
            project_milestone_id=self.milestones[work.milestone] if work.milestone else None,
            cycle_id=cycle_id, label_ids=[self.labels[name] for name in work.labels],
            subscriber_ids=list(dict.fromkeys(one for one in (author, assignee) if one)), sort_order=-number,
            started_at=moment(work.started_at) if work.started_at else None,
            completed_at=closed_at if work.status == "completed" else None,
            canceled_at=closed_at if work.status == "canceled" else None,
            started_triage_at=created if work.status == "triage" else None,
            added_to_team_at=created, added_to_project_at=created, added_to_cycle_at=created if cycle_id else None,
            archived_at=updated if work.archived else None, auto_archived_at=updated if work.archived else None,
        )  # fmt: skip
        store.issues.insert(issue)
        store.remember_identifier(issue)
        self.issues[work.number] = issue.id

    def _links(self, work: Work) -> None:
        store = self.store
        issue = store.issues.need(self.issues[work.number])
        if work.parent in self.issues:
            store.issues.change(issue, parent_id=self.issues[work.parent], sub_issue_sort_order=float(work.number))
        for blocker in work.blocked_by:
            if blocker in self.issues:
                store.relations.insert(
                    IssueRelation(
                        id=store.new_id("relation"),
                        created_at=issue.created_at,
                        updated_at=issue.created_at,
                        type="blocks",
                        issue_id=self.issues[blocker],
                        related_issue_id=issue.id,
                    )
                )
        self._remarks(work, issue)
        self._tie(work, issue)

    def _remarks(self, work: Work, issue: Issue) -> None:
        store = self.store
        for remark in work.comments:
            at = moment(remark.at)
            store.comments.insert(
                Comment(
                    id=store.new_id("comment"),
                    created_at=at,
                    updated_at=at,
                    body=normalised(remark.body),
                    issue_id=issue.id,
                    user_id=self.users[remark.author],
                )
            )

    def _tie(self, work: Work, issue: Issue) -> None:
        store = self.store
        others = [provider for provider in work.held_by if provider != "linear"]
        if work.tie == "attachment" and others:
            store.attachments.insert(
                Attachment(
                    id=store.new_id("attachment"),
                    created_at=issue.created_at,
                    updated_at=issue.created_at,
                    issue_id=issue.id,
                    url=self.world.url_of(work, others[0]),
                    title=work.title,
                    creator_id=issue.creator_id,
                )
            )


def _midnight(day: date) -> str:
    return moment(datetime(day.year, day.month, day.day, tzinfo=UTC))
