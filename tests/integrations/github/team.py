"""A person at a sandbox's GitHub, and the source that reads and writes what they do."""

from __future__ import annotations

from typing import Any

import requests
from pydantic import SecretStr

from tests.support.github_schemas import judge
from tests.support.sandbox import InProcess
from worklake.integrations.base import Item
from worklake.integrations.github import GitHubIntegration
from worklake.integrations.github.settings import GitHubSettings
from worklake.integrations.http import CallMade, Http
from worklake.integrations.views import CommentView, TaskView
from worklake.model.fields import FieldValue
from worklake.model.ids import TaskId
from worklake.model.rows import Kind

WEB = "/repos/team/web"
LABELS = {"needs triage": "triage", "backlog": "backlog", "in progress": "started"}
PROJECT = {"owner": "team", "number": 1}
TRANSFER = (
    "mutation ($issue: ID!, $to: ID!) { transferIssue(input: {issueId: $issue, repositoryId: $to})"
    " { issue { number databaseId } } }"
)
DELETE = "mutation ($id: ID!) { deleteIssue(input: {issueId: $id}) { clientMutationId } }"


class Team:
    """A person at GitHub, and the source that reads what they do; its calls are held against GitHub's description."""

    def __init__(self, served: InProcess, token: str = "admin", **settings: Any) -> None:
        self.served = served
        self.calls: list[CallMade] = []
        self.pauses: list[float] = []
        self.http = Http(
            "github",
            served.base_url,
            SecretStr(served.provider.tokens[token]),
            GitHubIntegration.wire,
            meter=self.calls.append,
            clock=served.clock,
            sleep=self.pauses.append,
        )
        self.http.hooks["response"].append(judge)
        self.settings = GitHubSettings.model_validate(
            {
                "token": "env:GITHUB_TOKEN", "base_url": served.base_url, "repositories": ["team/web"],
                "status_labels": {} if settings.get("project") else LABELS, "writes_per_minute": 100_000, **settings,
            }
        )  # fmt: skip
        self.source = GitHubIntegration("github", self.settings, self.http)

    def anew(self, token: str = "admin", **settings: Any) -> Team:
        """The same source as a later run opens it."""
        return Team(self.served, token, **{**self.settings.model_dump(exclude={"provider", "token"}), **settings})

    def listed(self, position: str | None = None) -> tuple[list[Item], str]:
        """What a listing brings, and where it stands after it."""
        pages = list(self.source.list_changed(position, self.served.clock()))
        return [item for page in pages for item in page.items], pages[-1].position

    def does(self, method: str, path: str, token: str = "admin", **body: Any) -> Any:
        """A call as this person."""
        url = path if path.startswith("http") else self.served.base_url + path
        headers = {"Authorization": f"Bearer {self.served.provider.tokens[token]}"}
        answer = requests.request(method, url, json=body or None, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def with_project(self, token: str = "admin", **project: Any) -> Team:
        """The same source with the sandbox's project."""
        return Team(self.served, token, project={**PROJECT, **project})

    def edits(self, issue: str | int, **fields: Any) -> None:
        """Edit an issue past the API, as its page can: also its card in the project."""
        self.served.provider.edit_item(str(issue), fields)

    def card(self, issue: str | int) -> str | None:
        """The option that an issue has in the project, past the source; None where it has none or no card."""
        query = (
            "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue { projectItems(first: 9) { nodes {"
            ' fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } } } } } } }'
        )
        known = {one["external_id"]: one["payload"]["node_id"] for one in self.served.provider.items()}
        cards = self.asks(query, ids=[known[str(issue)]])["nodes"][0]["projectItems"]["nodes"]
        return (cards[0]["fieldValueByName"] or {}).get("name") if cards else None

    def opens(self, title: str = "An issue", **fields: Any) -> dict[str, Any]:
        """A new issue, as it is answered."""
        made: dict[str, Any] = self.does("POST", f"{WEB}/issues", title=title, **fields)
        return made

    def asks(self, query: str, **variables: Any) -> Any:
        """A GraphQL call as this person."""
        return self.does("POST", "/graphql", query=query, variables=variables)["data"]

    def suffers(self, *faults: dict[str, Any]) -> None:
        """Let the next calls go wrong; none of them, to let all go well again."""
        requests.delete(f"{self.served.control_url}/faults", timeout=10)
        requests.post(f"{self.served.control_url}/faults", json=faults, timeout=10).raise_for_status()

    def asked(self) -> list[tuple[str, int | None]]:
        """The calls since this was last asked, each with its status."""
        made = [(call.endpoint, call.status) for call in self.calls]
        self.calls.clear()
        return made

    def shown(self, issue: str | int) -> dict[str, FieldValue]:
        """The fields of an issue as it is now, read past the source's count of calls."""
        fields = self.view(self.source.read(str(issue))).fields
        self.calls.clear()
        return fields

    def view(self, item: Item) -> TaskView:
        """What a task shows."""
        shown = self.source.lens.view(Kind.TASK, item.payload)
        assert isinstance(shown, TaskView)
        return shown

    def remark(self, item: Item) -> CommentView:
        """What a comment shows."""
        shown = self.source.lens.view(Kind.COMMENT, item.payload)
        assert isinstance(shown, CommentView)
        return shown

    def creates(self, mark: str = "task_0123456789abcdef", **fields: FieldValue) -> TaskView:
        """A new issue by the source; what it answers."""
        item = self.source.create({"title": "Made", **fields}, where=None, marker=TaskId(mark), made_id=None)
        return self.view(item)


def tasks(items: list[Item]) -> dict[str, dict[str, Any]]:
    """The payloads of the tasks among items, by external id."""
    return {item.external_id or "": item.payload for item in items if item.kind is Kind.TASK}
