"""People's comments in the tools of a sandbox, past Worklake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from tests.support.project import Project

_COMMENTS = """query ($id: String!) { issue(id: $id) { comments(first: 250) {
    nodes { id body } pageInfo { hasNextPage } } } }"""
_ADD = "mutation ($input: CommentCreateInput!) { commentCreate(input: $input) { comment { id } } }"
_EDIT = "mutation ($id: String!, $input: CommentUpdateInput!) { commentUpdate(id: $id, input: $input) { success } }"
_DELETE = "mutation ($id: String!) { commentDelete(id: $id) { success } }"


@dataclass(frozen=True)
class Remarks:
    """The comments on an item in both tools."""

    project: Project
    gitlab: str
    linear: str

    def written(self, provider: str) -> dict[str, str]:
        """The texts of the comments in a tool by id, as its API shows them, without its own remarks."""
        if provider == "linear":
            nodes = self._linear(_COMMENTS, id=self.linear)["issue"]["comments"]["nodes"]
            return {node["id"]: node["body"] for node in nodes}
        notes = self._gitlab("GET", "", {"per_page": "100"}).json()
        return {str(note["id"]): note["body"] for note in notes if not note["system"]}

    def about(self, provider: str, word: str) -> list[str]:
        """The texts in a tool in which this word stands."""
        return [body for body in self.written(provider).values() if word in body]

    def write(self, provider: str, body: str) -> str:
        """A comment as a person writes it; its id."""
        if provider == "linear":
            made = self._linear(_ADD, input={"issueId": self.linear, "body": body})
            return str(made["commentCreate"]["comment"]["id"])
        return str(self._gitlab("POST", "", json={"body": body}).json()["id"])

    def edit(self, provider: str, comment: str, body: str) -> None:
        """A comment as a person edits it. In GitLab, people then touch the issue: only that tells of an edit."""
        if provider == "linear":
            self._linear(_EDIT, id=comment, input={"body": body})
        else:
            self._gitlab("PUT", f"/{comment}", json={"body": body})
            self.write("gitlab", "something else")

    def delete(self, provider: str, comment: str) -> None:
        """A comment as a person deletes it."""
        if provider == "linear":
            self._linear(_DELETE, id=comment)
        else:
            self._gitlab("DELETE", f"/{comment}")

    def move(self) -> Remarks:
        """The issue in GitLab as a person moves it to another project: its comments."""
        payload = self._issue()
        projects = {one["payload"]["project_id"] for one in self.project.items("gitlab")} - {payload["project_id"]}
        moved = self._call("POST", payload, "/move", json={"to_project_id": min(projects)}).json()
        return Remarks(self.project, str(moved["id"]), self.linear)

    def _gitlab(self, method: str, path: str, query: Any = None, json: Any = None) -> requests.Response:
        return self._call(method, self._issue(), f"/notes{path}", query, json)

    def _issue(self) -> dict[str, Any]:
        found = (one["payload"] for one in self.project.items("gitlab") if one["external_id"] == self.gitlab)
        return dict(next(found))

    def _call(
        self, method: str, issue: dict[str, Any], path: str, query: Any = None, json: Any = None
    ) -> requests.Response:
        server = self.project.served["gitlab"]
        url = f"{server.base_url}/api/v4/projects/{issue['project_id']}/issues/{issue['iid']}{path}"
        headers = {"PRIVATE-TOKEN": server.token}
        answer = requests.request(method, url, headers=headers, params=query, json=json, timeout=10)
        answer.raise_for_status()
        return answer

    def _linear(self, query: str, **variables: Any) -> Any:
        server = self.project.served["linear"]
        answer = requests.post(
            f"{server.base_url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": server.token},
            timeout=10,
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]
