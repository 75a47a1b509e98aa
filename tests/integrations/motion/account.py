"""A person at a sandbox's Motion, and the source that reads and writes what they do."""

from __future__ import annotations

from typing import Any

import requests
from pydantic import SecretStr

from tests.support.sandbox import InProcess
from worklake.integrations.base import Item, Page
from worklake.integrations.http import CallMade, Http
from worklake.integrations.motion import MotionIntegration, MotionSettings
from worklake.integrations.views import TaskView
from worklake.model.fields import FieldValue
from worklake.model.ids import TaskId, digest
from worklake.model.rows import Kind

QUICK = 600_000
"""So many requests a minute that no turn is waited for."""


class Account:
    """A person at Motion, and the source that reads what they do. Its pauses are made on the server's clock."""

    def __init__(self, served: InProcess, **settings: Any) -> None:
        self.served = served
        self.calls: list[CallMade] = []
        self.pauses: list[float] = []
        told: dict[str, Any] = {"workspaces": ["Team"], "requests_per_minute": QUICK, **settings}
        self.settings = MotionSettings.model_validate(
            {"token": "env:MOTION_API_KEY", "base_url": served.base_url, **told}
        )
        http = Http(
            "motion",
            served.base_url,
            SecretStr(served.token),
            MotionIntegration.wire,
            meter=self.calls.append,
            clock=served.clock,
            sleep=self._sleep,
            random=lambda: 0.0,
        )
        self.sent: list[tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]] = []
        """Method, path, query and body of every request that the source was asked to make."""
        self._ask, http.request = http.request, self._noting  # type: ignore[method-assign]
        self.source = MotionIntegration("motion", self.settings, http)

    def again(self, **settings: Any) -> Account:
        """The same account as a later run opens it, with other settings where some are given."""
        return Account(self.served, **settings)

    def pages(self, position: str | None = None) -> list[Page]:
        return list(self.source.list_changed(position, self.served.clock()))

    def listed(self, position: str | None = None) -> tuple[list[Item], str]:
        pages = self.pages(position)
        return [item for page in pages for item in page.items], pages[-1].position

    def creates(self, **fields: Any) -> str:
        self.served.clock.forward(seconds=1)
        return self.served.provider.create_item({"name": "A task", **fields})

    def edits(self, task: str, **fields: Any) -> None:
        self.served.clock.forward(seconds=1)
        self.served.provider.edit_item(task, fields)

    def switches(self, **switches: int) -> None:
        requests.patch(f"{self.served.control_url}/switches", json=switches, timeout=10).raise_for_status()

    def suffers(self, *faults: dict[str, Any]) -> None:
        """Let the next calls go wrong; none of them, to let all go well again."""
        requests.delete(f"{self.served.control_url}/faults", timeout=10)
        requests.post(f"{self.served.control_url}/faults", json=faults, timeout=10).raise_for_status()

    def asked(self) -> list[str]:
        """The calls since this was last asked."""
        made = [call.endpoint for call in self.calls]
        self.calls.clear()
        return made

    def payload(self, task: str) -> dict[str, Any]:
        """A task as Motion has it, read past the source."""
        return next(one["payload"] for one in self.served.provider.items() if one["external_id"] == task)

    def shown(self, task: str) -> dict[str, FieldValue]:
        """The fields of a task as it is now, read past the source's count of calls."""
        fields = self.view(self.source.read(task)).fields
        self.calls.clear()
        return fields

    def view(self, item: Item) -> TaskView:
        shown = self.source.lens.view(Kind.TASK, item.payload)
        assert isinstance(shown, TaskView)
        return shown

    def makes(self, name: str, **fields: FieldValue) -> Item:
        """A task made by the source."""
        return self.source.create({"title": name, **fields}, where=None, marker=marker(name), made_id=None)

    def finds(self, name: str, **since: Any) -> Item | None:
        return self.source.find_created(marker(name), None, since.get("since", self.served.clock()))

    def workspace(self, name: str) -> str:
        headers = {"X-API-Key": self.served.token}
        answer = requests.get(f"{self.served.base_url}/v1/workspaces", headers=headers, timeout=10).json()
        return next(one["id"] for one in answer["workspaces"] if one["name"] == name)

    def bodies(self) -> list[dict[str, Any]]:
        """The bodies that were sent since this was last asked."""
        found = [body for _, _, _, body in self.sent if body is not None]
        self.sent.clear()
        return found

    def _noting(self, method: str, url: str, **kwargs: Any) -> Any:
        path = url.removeprefix(self.served.base_url)
        self.sent.append((method, path, kwargs.get("params"), kwargs.get("json")))
        return self._ask(method, url, **kwargs)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.served.clock.forward(seconds=seconds)


def marker(name: str) -> TaskId:
    return TaskId("task_" + digest("motion", name))


def tasks_in(items: list[Item]) -> list[str | None]:
    return [item.external_id for item in items if item.kind is Kind.TASK]
