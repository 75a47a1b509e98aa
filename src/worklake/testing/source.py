"""A source that is opened for a test: it does not sleep, and tells what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import SecretStr

from worklake.integrations.base import BaseIntegration, Item, Page
from worklake.integrations.http import CallMade, Http
from worklake.integrations.views import TaskView
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

SOURCE = "under-test"


@dataclass(frozen=True, slots=True)
class SourceToTest:
    """What is tested: the provider's class, settings that point at a running server, and a token it accepts.

    `quiet_requests` is the number of calls that a listing may take which finds nothing, `update_requests` and
    `create_requests` those of an update of a task that was just read, and of a creation.
    """

    provider: type[BaseIntegration]
    settings: SourceSettings
    token: str
    quiet_requests: int = 1
    update_requests: int = 1
    create_requests: int = 1


@dataclass(slots=True)
class Opened:
    """An integration with what it measured: its calls, and the pauses it would have made."""

    source: SourceToTest
    integration: BaseIntegration
    calls: list[CallMade] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def anew(self) -> Opened:
        """The same source as a later run opens it."""
        return open_for_test(self.source)

    def pages(self, position: str | None = None) -> list[Page]:
        """A whole listing."""
        return list(self.integration.list_changed(position, datetime.now(UTC)))

    def items(self, position: str | None = None) -> list[Item]:
        """The items of a whole listing."""
        return [item for page in self.pages(position) for item in page.items]

    def shown(self, item: Item) -> TaskView:
        """What a task shows that needs no completing, as reads and writes answer it."""
        view = self.integration.lens.view(Kind.TASK, item.payload)
        assert isinstance(view, TaskView)
        return view

    def view(self, item: Item) -> TaskView:
        """What a task shows, once it is completed."""
        completed = [one for one in self.integration.complete([item]) if one.kind is Kind.TASK]
        view = self.integration.lens.view(Kind.TASK, completed[0].payload)
        assert isinstance(view, TaskView)
        return view


def open_for_test(source: SourceToTest, token: str | None = None) -> Opened:
    """The source, with another token where one is given. Pauses are noted and not made."""
    calls: list[CallMade] = []
    pauses: list[float] = []
    http = Http(
        SOURCE,
        source.settings.base_url,
        SecretStr(token or source.token),
        source.provider.wire,
        meter=calls.append,
        sleep=pauses.append,
    )
    return Opened(source, source.provider(SOURCE, source.settings, http), calls, pauses)


def task_ids(items: Sequence[Item]) -> list[str]:
    """The external ids of the tasks among these items."""
    return [item.external_id or "" for item in items if item.kind is Kind.TASK]
