"""A Notion in this process, and a source that reads and writes it, with what went over the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests
from pydantic import SecretStr

from tests.support.sandbox import InProcess, sandbox_thread
from worklake.errors import RetryableError
from worklake.integrations.base import Item
from worklake.integrations.http import Http
from worklake.integrations.notion import NotionIntegration, NotionSettings
from worklake.integrations.views import TaskView
from worklake.model.fields import FieldValue
from worklake.model.ids import TaskId, digest
from worklake.model.rows import Kind


@dataclass
class Call:
    """A call as it went over the wire."""

    method: str
    path: str
    body: Any


class NotingHttp(Http):
    """A session that does not sleep and notes what it is asked to send."""

    def __init__(self, base_url: str, token: str) -> None:
        self.calls: list[Call] = []
        self.pauses: list[float] = []
        self._left: int | None = None
        super().__init__("notion", base_url, SecretStr(token), NotionIntegration.wire, sleep=self.pauses.append)

    def write_no_more_after(self, calls: int | None) -> None:
        """Let so many writes pass, and fail the others for certain; None: let all pass."""
        self._left = calls

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        body = orjson.loads(kwargs["data"]) if kwargs.get("data") else None
        self.calls.append(Call(method, url.removeprefix(self.base_url), body))
        if kwargs.get("writes") and self._left is not None:
            if self._left == 0:
                raise RetryableError("no more writes")
            self._left -= 1
        return super().request(method, url, *args, **kwargs)


@dataclass
class Workspace:
    """The served Notion, and a source of it. `opened` is the integration of a run."""

    served: InProcess
    settings: NotionSettings
    http: NotingHttp = field(init=False)
    opened: NotionIntegration = field(init=False)

    def __post_init__(self) -> None:
        self.anew()

    def anew(self, **changed: Any) -> NotionIntegration:
        """The source as a later run opens it, with other settings where they are given."""
        self.settings = self.settings.model_copy(update=changed)
        self.http = NotingHttp(self.served.base_url, self.served.token)
        self.opened = NotionIntegration("notion", self.settings, self.http)
        return self.opened

    @property
    def store(self) -> Any:
        return self.served.provider.store  # type: ignore[attr-defined]

    @property
    def misfortunes(self) -> Any:
        return self.served.provider.misfortunes  # type: ignore[attr-defined]

    def page(self, title: str = "A page", **fields: Any) -> str:
        """A page that a person makes."""
        return self.served.provider.create_item({"title": title, **fields})

    def edit(self, page: str, **fields: Any) -> None:
        """An edit that a person makes."""
        self.served.provider.edit_item(page, fields)

    def view(self, item: Item) -> TaskView:
        view = self.opened.lens.view(Kind.TASK, item.payload)
        assert isinstance(view, TaskView)
        return view

    def shown(self, page: str) -> Mapping[str, FieldValue]:
        return self.view(self.opened.read(page)).fields

    def create(self, name: str, **fields: FieldValue) -> Item:
        return self.opened.create({"title": name, **fields}, where=None, marker=marker(name), made_id=None)

    def update(self, page: str, **fields: FieldValue) -> Mapping[str, FieldValue]:
        """Read and update, as a run does; what then shows."""
        shown = self.shown(page)
        self.http.calls.clear()
        return self.view(self.opened.update(page, fields, shown)).fields

    def sent(self) -> list[tuple[str, str]]:
        """The methods and paths of the writes since."""
        return [(one.method, _kind(one.path)) for one in self.http.calls if one.method != "GET"]


def _kind(path: str) -> str:
    parts = [":id" if len(part) > 20 else part for part in path.removeprefix("/v1/").split("/")]
    return "/".join(parts)


def marker(name: str) -> TaskId:
    return TaskId("task_" + digest("notion tests", name))


@contextmanager
def workspace(tasks: int = 0, **more: Any) -> Iterator[Workspace]:
    """A Notion with so many pages."""
    with sandbox_thread("notion", tasks=tasks, **more) as served:
        conf = {**served.provider.conf(served.base_url), "token": "env:NOTION_TOKEN"}
        yield Workspace(served, NotionSettings.model_validate(conf))
