"""One Linear workspace in memory: its tables, and what follows from them."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

from worklake.sandbox.linear.entities import (
    Attachment,
    Comment,
    Cycle,
    Issue,
    IssueHistory,
    IssueLabel,
    IssueRelation,
    Organization,
    Project,
    ProjectMilestone,
    ProjectStatus,
    Team,
    User,
    Webhook,
    WorkflowState,
)
from worklake.sandbox.linear.errors import entity_not_found, invalid_argument
from worklake.sandbox.linear.table import Table

_SLUG = re.compile(r"[^a-z0-9]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def slug(text: str) -> str:
    """`text` as it stands in URLs and branch names."""
    return _SLUG.sub("-", text.lower()).strip("-")[:60].rstrip("-")


class Store:
    """The rows of one workspace. Ids follow from the seed, so the same calls give the same workspace."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ids_given: dict[str, int] = {}
        self.last_sync_id = 1000
        self.organization: Organization
        self.users: Table[User] = Table("User")
        self.teams: Table[Team] = Table("Team")
        self.states: Table[WorkflowState] = Table("WorkflowState", ["team_id"])
        self.labels: Table[IssueLabel] = Table("IssueLabel", ["team_id", "parent_id"])
        self.project_statuses: Table[ProjectStatus] = Table("ProjectStatus")
        self.projects: Table[Project] = Table("Project", ["status_id"])
        self.milestones: Table[ProjectMilestone] = Table("ProjectMilestone", ["project_id"])
        self.cycles: Table[Cycle] = Table("Cycle", ["team_id"])
        self.issues: Table[Issue] = Table(
            "Issue",
            ["team_id", "state_id", "assignee_id", "delegate_id", "creator_id", "project_id", "project_milestone_id",
             "cycle_id", "parent_id", "trashed"],
        )  # fmt: skip
        self.comments: Table[Comment] = Table("Comment", ["issue_id", "parent_id"])
        self.relations: Table[IssueRelation] = Table("IssueRelation", ["issue_id", "related_issue_id"])
        self.attachments: Table[Attachment] = Table("Attachment", ["issue_id", "url"])
        self.history: Table[IssueHistory] = Table("IssueHistory", ["issue_id"])
        self.webhooks: Table[Webhook] = Table("Webhook", ["team_id"])
        self.deleted_issues: dict[str, Mapping[str, Any]] = {}
        self._issue_of_identifier: dict[str, str] = {}

    def new_id(self, kind: str) -> str:
        """The next id for a row of that kind: a UUID v4 in form, the same for the same seed."""
        number = self._ids_given[kind] = self._ids_given.get(kind, 0) + 1
        digest = hashlib.sha256(f"{self._seed}/linear/{kind}/{number}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def chosen_id(self, kind: str, chosen: str | None) -> str:
        """The client's own id if it sent one (it must be a UUID), else a new one."""
        if chosen is None:
            return self.new_id(kind)
        if not _UUID.fullmatch(chosen):
            raise invalid_argument("id must be a UUID.")
        return chosen.lower()

    def next_sync_id(self) -> int:
        """The workspace's counter after one more write."""
        self.last_sync_id += 1
        return self.last_sync_id

    def give_identifier(self, team: Team) -> tuple[int, str]:
        """The next number of the team and the identifier it makes; neither is ever given again."""
        self.teams.change(team, last_number=team.last_number + 1)
        return team.last_number, f"{team.key}-{team.last_number}"

    def remember_identifier(self, issue: Issue) -> None:
        """Let `find_issue` know the issue by its present identifier, now and after it moved to another team."""
        self._issue_of_identifier[issue.identifier] = issue.id

    def find_issue(self, reference: str) -> Issue:
        """The issue of a UUID or of an identifier, a previous one too."""
        issue = self.issues.get(reference) or self.issues.get(self._issue_of_identifier.get(reference.upper()))
        if issue is None:
            raise entity_not_found("Issue")
        return issue

    def find_team(self, reference: str) -> Team:
        """The team of a UUID or of a key."""
        team = self.teams.get(reference) or next((team for team in self.teams if team.key == reference), None)
        if team is None:
            raise entity_not_found("Team")
        return team

    def states_of(self, team_id: str) -> list[WorkflowState]:
        """The team's states in the order of its board, archived ones left out."""
        return sorted(
            (state for state in self.states.where("team_id", team_id) if state.archived_at is None),
            key=lambda state: state.position,
        )

    def user_url(self, user: User) -> str:
        """The person's profile page."""
        return f"https://linear.app/{self.organization.url_key}/profiles/{slug(user.display_name)}"

    def issue_url(self, issue: Issue) -> str:
        """The issue's page."""
        return f"https://linear.app/{self.organization.url_key}/issue/{issue.identifier}/{slug(issue.title)}"

    def project_url(self, project: Project) -> str:
        """The project's page."""
        return f"https://linear.app/{self.organization.url_key}/project/{slug(project.name)}-{project.slug_id}"

    def comment_url(self, comment: Comment) -> str:
        """The comment's place on its issue's page."""
        return f"{self.issue_url(self.issues.need(comment.issue_id))}#comment-{comment.id[:8]}"
