"""Issues read by GitLab's global id, one or many at a time, as items that need nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from worklake.errors import NotFoundError
from worklake.integrations.base import Item, Payload
from worklake.integrations.gitlab.client import ADDRESSES_AT_ONCE, PAGE_SIZE, GitLabClient, external_id, project_path
from worklake.integrations.gitlab.fields import ISSUE_LINKS, PROJECT_NAME
from worklake.integrations.gitlab.listing import issue_item
from worklake.integrations.text import markers_in
from worklake.model.ids import TaskId

MOST_KNOWN = 50_000
"""How many issues are remembered: those that were read last."""
_LINK_KEYS = ("id", "iid", "project_id", "issue_link_id", "link_type", "state", "references", "web_url")
_NUMBER = re.compile(r"[0-9]{1,18}")


class Known(NamedTuple):
    """What is remembered of an issue: where REST finds it, and which of Worklake's markers its description has.

    The project is known by its id, or by its path as long as the issue has not been read there. `markers` is None as
    long as only the address is known.
    """

    project: int | str
    iid: int
    markers: tuple[TaskId, ...] | None = None

    @property
    def path(self) -> str:
        """The path of the issue's calls."""
        return f"{project_path(str(self.project))}/issues/{self.iid}"


class Issues:
    """The issues of a source. An issue that was seen before is found in one call, any other in two."""

    def __init__(self, client: GitLabClient, source: str) -> None:
        self._client = client
        self._source = source
        self._known: dict[str, Known] = {}
        self._recalled: dict[str, str | None] = {}
        self._project_names: dict[int, str | None] = {}

    def remember(self, payload: Payload) -> None:
        """Note where an issue is that some call brought."""
        known, project, iid = external_id(payload), payload.get("project_id"), payload.get("iid")
        if known is None or not isinstance(project, int) or not isinstance(iid, int):
            return
        name = payload.get(PROJECT_NAME) or self._recalled.pop(known, None)
        if isinstance(name, str):
            self._project_names.setdefault(project, name)
        description = payload.get("description")
        markers = markers_in(description) if isinstance(description, str) else []
        self._keep(known, Known(project, iid, tuple(map(TaskId, markers))))

    def recall(self, issue_id: str, project: str, iid: int, project_name: str | None) -> None:
        """Note where an issue was when it was last read, unless some call has brought it since."""
        if issue_id not in self._known:
            self._recalled[issue_id] = project_name
            self._keep(issue_id, Known(project, iid))

    def address(self, issue_id: str) -> Known:
        """Where an issue is. Raises `NotFoundError`."""
        known = self._known.get(issue_id)
        if known is None:
            self._find([issue_id])
            known = self._known.get(issue_id)
        if known is None:
            raise self._not_found(issue_id)
        return known

    def markers(self, issue_id: str) -> tuple[TaskId, ...]:
        """Worklake's markers in an issue's description. Raises `NotFoundError`."""
        known = self._known.get(issue_id)
        if known is None or known.markers is None:
            self.payload(issue_id)
            known = self._known[issue_id]
        return known.markers or ()

    def payload(self, issue_id: str) -> Payload:
        """An issue as it is now. Raises `NotFoundError`."""
        try:
            payload = self._client.get(self.address(issue_id).path)
        except NotFoundError:
            if issue_id not in self._recalled:
                raise
            payload = {}
        if external_id(payload) != issue_id and issue_id in self._recalled:
            self._forget([issue_id])
            payload = self._client.get(self.address(issue_id).path)
        if external_id(payload) != issue_id:
            raise self._not_found(issue_id)
        self.remember(payload)
        return payload

    def read(self, issue_id: str) -> Item:
        """An issue as it is now, with its links. Raises `NotFoundError`."""
        return self.item(self.payload(issue_id))

    def read_many(self, issue_ids: Sequence[str]) -> Iterator[Item]:
        """These issues as they are now, up to a hundred of a project in a call; what is gone is left out."""
        wanted = list(dict.fromkeys(issue_ids))
        recalled = {one for one in wanted if one in self._recalled}
        for item in self._read_known(wanted):
            recalled.discard(item.external_id or "")
            yield item
        if recalled:  # they are elsewhere by now, if they are at all
            self._forget(recalled)
            yield from self._read_known(sorted(recalled))

    def _forget(self, issue_ids: Iterable[str]) -> None:
        for one in issue_ids:
            self._recalled.pop(one, None)
            self._known.pop(one, None)

    def _read_known(self, wanted: Sequence[str]) -> Iterator[Item]:
        self._find([one for one in wanted if one not in self._known])
        by_project: dict[int | str, list[tuple[int, str]]] = {}
        for one in wanted:
            known = self._known.get(one)
            if known is not None:
                by_project.setdefault(known.project, []).append((known.iid, one))
        for project, ids in by_project.items():
            for start in range(0, len(ids), PAGE_SIZE):
                yield from self._read_some(project, dict(ids[start : start + PAGE_SIZE]))

    def item(self, payload: Payload) -> Item:
        """The item of an issue that a call of its own brought, completed."""
        payload.pop("subscribed", None)  # not in lists: it is about us, not about the issue
        self.remember(payload)
        item = issue_item(payload, self._project_name(payload))
        links = self.links(payload) if payload.get("blocking_issues_count") else None
        return item if links is None else with_links(item, links)

    def links(self, payload: Payload) -> list[Payload] | None:
        """An issue's links to others; None where the payload does not say which issue it is."""
        path = issue_path(payload)
        if path is None:
            return None
        links = [link for link in self._client.all(f"{path}/links") if isinstance(link, dict)]
        shown = [{key: link[key] for key in _LINK_KEYS if key in link} for link in links]
        return sorted(shown, key=lambda link: str(link.get("issue_link_id")))

    def _read_some(self, project: int | str, ids: dict[int, str]) -> Iterator[Item]:
        if len(ids) > 1:
            chosen = "&".join(f"iids[]={iid}" for iid in ids)
            query = {"scope": "all", "state": "all", "per_page": str(PAGE_SIZE)}
            for payload in self._client.page(f"{project_path(str(project))}/issues?{chosen}", query).entries:
                if isinstance(payload, dict) and ids.get(payload.get("iid", -1)) == external_id(payload):
                    del ids[payload["iid"]]
                    yield self.item(payload)
        for iid, issue_id in ids.items():  # a list leaves out types of its own choice
            try:
                payload = self._client.get(Known(project, iid).path)
            except NotFoundError:
                payload = {}
            if external_id(payload) == issue_id:
                yield self.item(payload)
            else:
                self._known.pop(issue_id, None)

    def _find(self, issue_ids: Sequence[str]) -> None:
        numbers = [one for one in issue_ids if _NUMBER.fullmatch(one)]
        for start in range(0, len(numbers), ADDRESSES_AT_ONCE):
            addresses = self._client.issue_addresses(numbers[start : start + ADDRESSES_AT_ONCE])
            for one, (project, iid) in addresses.items():
                self._keep(one, Known(project, iid))

    def _keep(self, issue_id: str, known: Known) -> None:
        self._known.pop(issue_id, None)
        self._known[issue_id] = known
        if len(self._known) > MOST_KNOWN:
            self._known.pop(next(iter(self._known)), None)

    def _project_name(self, payload: Payload) -> str | None:
        project = payload.get("project_id")
        if not isinstance(project, int):
            return None
        if project not in self._project_names:
            name = self._client.get(f"/projects/{project}").get("name")
            self._project_names[project] = name if isinstance(name, str) else None
        return self._project_names[project]

    def _not_found(self, issue_id: str) -> NotFoundError:
        if not _NUMBER.fullmatch(issue_id):
            return NotFoundError(f"{self._source}: {issue_id!r} is no id of a GitLab issue; those are whole numbers")
        return NotFoundError(f"{self._source}: there is no issue with the id {issue_id}, or this token may not see it.")


def issue_path(payload: Payload) -> str | None:
    """The path of an issue's calls; None where the payload does not say which issue it is."""
    project, iid = payload.get("project_id"), payload.get("iid")
    return f"/projects/{project}/issues/{iid}" if isinstance(project, int) and isinstance(iid, int) else None


def with_links(item: Item, links: list[Payload]) -> Item:
    """The item with its links to other issues."""
    return item._replace(payload={**item.payload, ISSUE_LINKS: links})
