"""A person at a sandbox's Linear, and the source that reads and writes what they do."""

from __future__ import annotations

from typing import Any

import requests
from pydantic import SecretStr

from tests.support.sandbox import InProcess
from worklake.integrations.base import Item
from worklake.integrations.http import CallMade, Http
from worklake.integrations.linear import LinearIntegration, LinearSettings
from worklake.integrations.views import TaskView
from worklake.model.fields import FieldValue
from worklake.model.rows import Kind


class Team:
    """A person at Linear, and the source that reads what they do."""

    def __init__(self, served: InProcess, token: str | None = None, teams: tuple[str, ...] = ("ENG",)) -> None:
        self.served = served
        self.calls: list[CallMade] = []
        self.http = Http(
            "linear",
            served.base_url,
            SecretStr(token or served.token),
            LinearIntegration.wire,
            meter=self.calls.append,
            clock=served.clock,
            sleep=lambda seconds: None,
        )
        settings = LinearSettings(token="env:LINEAR_API_KEY", base_url=served.base_url, teams=teams)
        self.source = LinearIntegration("linear", settings, self.http)

    def listed(self, position: str | None = None) -> tuple[list[Item], str]:
        pages = list(self.source.list_changed(position, self.served.clock()))
        return [item for page in pages for item in page.items], pages[-1].position

    def does(self, operation: str, **variables: Any) -> dict[str, Any]:
        """Run a GraphQL operation as this person."""
        answer = requests.post(
            f"{self.served.base_url}/graphql",
            json={"query": operation, "variables": variables},
            headers={"Authorization": self.served.token},
            timeout=10,
        ).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def creates(self, **fields: Any) -> str:
        team = self.does('{ teams(filter: {key: {eq: "ENG"}}) { nodes { id } } }')["teams"]["nodes"][0]["id"]
        created = self.does(
            "mutation ($input: IssueCreateInput!) { issueCreate(input: $input) { issue { id } } }",
            input={"teamId": team, "title": "An issue", **fields},
        )
        return str(created["issueCreate"]["issue"]["id"])

    def comments(self, issue: str, body: str) -> str:
        created = self.does(
            "mutation ($input: CommentCreateInput!) { commentCreate(input: $input) { comment { id } } }",
            input={"issueId": issue, "body": body},
        )
        return str(created["commentCreate"]["comment"]["id"])

    def lets_block(self, blocker: str, blocked: str) -> None:
        self.does(
            "mutation ($input: IssueRelationCreateInput!) { issueRelationCreate(input: $input) { success } }",
            input={"issueId": blocker, "relatedIssueId": blocked, "type": "blocks"},
        )

    def attaches(self, issue: str, url: str) -> None:
        self.does(
            "mutation ($input: AttachmentCreateInput!) { attachmentCreate(input: $input) { success } }",
            input={"issueId": issue, "title": "A page", "url": url},
        )

    def edits(self, issue: str, **fields: Any) -> None:
        self.served.provider.edit_item(issue, fields)

    def suffers(self, *faults: dict[str, Any]) -> None:
        """Let the next calls go wrong; none of them, to let all go well again."""
        requests.delete(f"{self.served.control_url}/faults", timeout=10)
        requests.post(f"{self.served.control_url}/faults", json=faults, timeout=10).raise_for_status()

    def asked(self) -> list[str]:
        """The calls since this was last asked."""
        made = [call.endpoint for call in self.calls]
        self.calls.clear()
        return made

    def shown(self, issue: str) -> dict[str, FieldValue]:
        """The fields of an issue as it is now, read past the source's count of calls."""
        fields = self.view(self.source.read(issue)).fields
        self.calls.clear()
        return fields

    def view(self, item: Item) -> TaskView:
        shown = self.source.lens.view(Kind.TASK, item.payload)
        assert isinstance(shown, TaskView)
        return shown
