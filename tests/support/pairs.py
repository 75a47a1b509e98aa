"""Tasks that are in both tools, and GitLab as a person with its API sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from tests.support.project import Project


class GitLab:
    """The sandbox's GitLab as a person with its API sees it."""

    def __init__(self, project: Project) -> None:
        self._served = project.served["gitlab"]

    def call(self, method: str, path: str, **body: Any) -> Any:
        answer = requests.request(
            method,
            f"{self._served.base_url}/api/v4{path}",
            json=body or None,
            headers={"PRIVATE-TOKEN": self._served.token},
            timeout=10,
        )
        assert answer.ok or answer.status_code == 404, answer.text
        return answer.json() if answer.content and answer.ok else None

    def projects(self) -> list[int]:
        return [one["id"] for one in self.call("GET", "/projects?per_page=100")]

    def labels(self, project: int) -> list[str]:
        return [one["name"] for one in self.call("GET", f"/projects/{project}/labels?per_page=100")]


def pairs_in(project: Project, wanted: Callable[[dict[str, Any]], bool]) -> list[tuple[str, str]]:
    """GitLab's and Linear's ids of such tasks that are in both."""
    found = []
    for task in project.run("tasks").document:
        links = {link["source"]: link["external_id"] for link in task["links"]}
        if {"gitlab", "linear"} == set(links) and wanted(task):
            found.append((links["gitlab"], links["linear"]))
    return found
