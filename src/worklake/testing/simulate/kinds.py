"""Kinds of sources whose lens is that of a real provider: their items are payloads as that provider sends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from random import Random

import orjson

from worklake.integrations.base import BaseIntegration, Lens, Payload
from worklake.integrations.github.integration import GitHubIntegration
from worklake.integrations.github.mapping import GitHubLens
from worklake.integrations.github.settings import GitHubSettings
from worklake.integrations.gitlab.integration import GitLabIntegration
from worklake.integrations.gitlab.mapping import GitLabLens
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.linear.integration import LinearIntegration
from worklake.integrations.linear.mapping import LinearLens
from worklake.integrations.motion.integration import MotionIntegration
from worklake.integrations.motion.mapping import MotionLens
from worklake.integrations.motion.settings import MotionSettings
from worklake.integrations.notion.integration import NotionIntegration
from worklake.integrations.notion.mapping import NotionLens
from worklake.integrations.notion.settings import NotionSettings
from worklake.integrations.views import TaskView, View
from worklake.model.fields import Fields, FieldValue
from worklake.model.rows import Kind
from worklake.sync.rules.values import same
from worklake.testing.simulate import payloads
from worklake.testing.simulate.comments import comment_view
from worklake.testing.simulate.shapes import FULL, OUTSIDER, PEOPLE, Shape, beside, random_shape

SHARE = 0.15
"""How many of the sources are of such a kind."""
STATUSES = ("backlog", "unstarted", "started", "completed", "canceled")
_EVERYBODY = (*PEOPLE, OUTSIDER)


class KindLens(Lens):
    """A provider's own lens, of which a simulation sees the fields that it has. Comments are the simulation's."""

    def __init__(self, own: Lens, names: frozenset[str]) -> None:
        self._own = own
        self._names = names
        # A payload is read again and again, and Markdown takes long to read.
        self._viewed = lru_cache(maxsize=5000)(self._view)

    def view(self, kind: Kind, payload: Payload) -> View:
        """See `Lens.view`."""
        if kind is Kind.COMMENT:
            return comment_view(payload)
        view = self._viewed(orjson.dumps(payload))
        fields = {name: list(one) if isinstance(one, list) else one for name, one in view.fields.items()}
        return replace(view, fields=fields)

    def _view(self, payload: bytes) -> TaskView:
        view = self._own.view(Kind.TASK, orjson.loads(payload))
        assert isinstance(view, TaskView)
        return replace(view, fields={name: view.fields[name] for name in view.fields if name in self._names})

    def put(self, fields: Fields, payload: Payload) -> Payload:
        """See `Lens.put`."""
        return self._own.put(fields, payload)

    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """See `Lens.project`."""
        return self._own.project(fields, shown)

    def telling(self, payload: Payload) -> Payload:
        """See `Lens.telling`."""
        return self._own.telling(payload)

    def is_on_the_way(self, field: str, before: FieldValue, sent: FieldValue, shown: FieldValue) -> bool:
        """See `Lens.is_on_the_way`."""
        return self._own.is_on_the_way(field, before, sent, shown)

    def fingerprint(self) -> str:
        """See `Lens.fingerprint`."""
        return self._own.fingerprint()


@dataclass(frozen=True, slots=True)
class RealKind:
    """A real provider under some settings. `new` makes the payload of a new item, `changed_at` is where it tells when
    it was last changed, `numbered` says that its ids are numbers. `by_hand` are the keys under which people set what
    Worklake cannot. It `moves_items` by itself: their time, and nothing that anybody edited. What an update sets is
    done in `many_calls`, of which some may be done and others not; `in_part` writes a description so.
    """

    name: str
    own: Lens
    integration: type[BaseIntegration]
    new: Callable[[str, str, str | None], Payload]
    changed_at: str
    numbered: bool = False
    by_hand: Mapping[str, str] = field(default_factory=dict)
    moves_items: bool = False
    many_calls: bool = False
    in_part: Callable[[Payload, str, Callable[[], bool]], Payload] | None = None
    oddities: Mapping[str, object] = field(default_factory=dict)

    @property
    def shown(self) -> frozenset[str]:
        """The fields of the simulation that it can show."""
        return frozenset(FULL) & self.integration.capabilities.fields

    @property
    def fields(self) -> frozenset[str]:
        """Those that its items have under these settings."""
        return self.shown & _new(self.name).keys()


@dataclass(frozen=True, slots=True)
class KindShape(Shape):
    """A shape whose values are those that a provider's own lens shows."""

    real: RealKind = field(kw_only=True)

    @property
    def kind(self) -> str:
        """See `Shape.kind`."""
        return self.real.name

    @property
    def lens(self) -> Lens:
        """See `Shape.lens`."""
        return _lens(self.real.name)

    @property
    def fields(self) -> frozenset[str]:
        """See `Shape.fields`."""
        return self.real.fields

    @property
    def unset(self) -> Fields:
        """See `Shape.unset`."""
        return {name: value for name, value in _new(self.real.name).items() if name in self.fields}

    @property
    def told(self) -> frozenset[str]:
        """See `Shape.told`."""
        return self.real.integration.capabilities.field_history & self.fields

    def stored(self, fields: Fields) -> dict[str, FieldValue]:
        """See `Shape.stored`: what a new item shows that is given these."""
        return {name: _of_a_new_item(self.real.name, name, _frozen(value)) for name, value in fields.items()}

    def shows(self, name: str, canonical: FieldValue, shown: FieldValue) -> bool:
        """See `Shape.shows`: where it shows this already, it goes on to if that is how it shows the other."""
        if name not in self.fields:
            return same(name, canonical, shown)
        return same(name, _projected(self.real.name, name, _frozen(canonical), _frozen(shown)), shown)

    def status(self, status: FieldValue) -> FieldValue:
        """See `Shape.status`."""
        return self.stored({"status": status})["status"]

    def is_coarse(self, status: FieldValue) -> bool:
        """See `Shape.is_coarse`: also one that it never shows is, as others stand for it."""
        return self.status(status) != status or sum(self.status(one) == status for one in STATUSES) > 1

    def account(self, source: str, person: str) -> str:
        """See `Shape.account`."""
        number = 100 * (ord(source) - ord("A") + 1) + _EVERYBODY.index(person)
        return str(number) if self.real.numbered else f"{source}-{person}"

    def person(self, source: str, account: str) -> str:
        """See `Shape.person`."""
        return _EVERYBODY[int(account) % 100] if self.real.numbered else account.removeprefix(f"{source}-")

    def new_id(self, source: str, number: int) -> str:
        """See `Shape.new_id`."""
        return str(1000 * (ord(source) - ord("A") + 1) + number) if self.real.numbered else f"{source}{number}"


def random_kind(random: Random) -> Shape:
    """A provider with some oddities; now and then one whose lens is that of a real provider.

    All else of a seed stays what it is.
    """
    shape = random_shape(random)
    own = beside(random)
    return of_kind(own.choice(sorted(KINDS)), shape) if own.random() < SHARE else shape


def of_kind(name: str, shape: Shape) -> KindShape:
    """A real provider, with those oddities of a shape that have to do with people, the net and clocks alone."""
    real = KINDS[name]
    able = real.integration.capabilities
    return KindShape(
        real=real,
        clock_off=shape.clock_off,
        strangers=shape.strangers,
        outsiders=shape.outsiders,
        history_lag_seconds=shape.history_lag_seconds if able.field_history else 0,
        makes_ids=able.client_made_ids,
        incremental=able.incremental,
        reads_many=able.reads_many,
        lacks=frozenset(FULL) - real.fields,
        fixed=real.fields - able.writable,
        later=(real.fields & able.writable) - able.creatable,
        deletes=able.deletes,
        restores=able.restores,
        history="editors" if able.field_history else "none",
        **real.oddities,  # type: ignore[arg-type]
    )


_Frozen = str | int | float | bool | tuple[str, ...] | None
"""A value that can be a key."""


def _frozen(value: FieldValue) -> _Frozen:
    return tuple(value) if isinstance(value, list) else value


def _plain(value: _Frozen) -> FieldValue:
    return list(value) if isinstance(value, tuple) else value


@lru_cache(maxsize=20_000)
def _of_a_new_item(kind: str, name: str, value: _Frozen) -> FieldValue:
    if name not in KINDS[kind].fields:
        return _plain(value)
    return KINDS[kind].own.project({name: _plain(value)}, _new(kind))[name]


@lru_cache(maxsize=20_000)
def _projected(kind: str, name: str, value: _Frozen, shown: _Frozen) -> FieldValue:
    now = {**_new(kind), name: _plain(shown)}
    return KINDS[kind].own.project({name: _plain(value)}, now)[name]


@cache
def _new(kind: str) -> Fields:
    """All that a new item shows."""
    real = KINDS[kind]
    view = real.own.view(Kind.TASK, real.new("1", "2026-01-01T00:00:00.000Z", None))
    assert isinstance(view, TaskView)
    return view.fields


@cache
def _lens(kind: str) -> Lens:
    return KindLens(KINDS[kind].own, KINDS[kind].shown)


def _gitlab(name: str, *, paid: bool, statuses: Mapping[str, str]) -> RealKind:
    told = {"token": "env:TOKEN", "projects": ["team/web"], "status_labels": statuses}
    new = partial(payloads.gitlab_issue, paid=paid)
    # Who is assigned is set as a whole, and leaves the issue's own time as it was.
    odd = {"whole": frozenset({"assignees"}), "silent": frozenset({"assignees"})}
    lens = GitLabLens(GitLabSettings.model_validate(told))
    hand = {"start_date": "start_date"}
    return RealKind(name, lens, GitLabIntegration, new, "updated_at", numbered=True, by_hand=hand, oddities=odd)


def _github(name: str, *, statuses: Mapping[str, str]) -> RealKind:
    told = {"token": "env:TOKEN", "repositories": ["team/web"], "status_labels": statuses}
    lens = GitHubLens(GitHubSettings.model_validate(told))
    new = payloads.github_issue
    return RealKind(name, lens, GitHubIntegration, new, "updated_at", numbered=True, many_calls=True)


def _linear(name: str) -> RealKind:
    odd = {"whole": frozenset({"assignees"})}
    return RealKind(name, LinearLens(), LinearIntegration, payloads.linear_issue, "updatedAt", oddities=odd)


def _motion(name: str, **more: object) -> RealKind:
    lens = MotionLens(
        MotionSettings.model_validate({"token": "env:TOKEN", "workspaces": [payloads.MOTION_WORKSPACE], **more})
    )
    odd = {"whole": frozenset({"assignees", "labels"})}
    return RealKind(
        name,
        lens,
        MotionIntegration,
        payloads.motion_task,
        "updatedTime",
        by_hand={"start_date": "startOn"},
        oddities=odd,
    )


def _notion(name: str, **more: object) -> RealKind:
    table = {"id": payloads.NOTION_TABLE, "properties": payloads.NOTION_PROPERTIES, **more}
    lens = NotionLens(NotionSettings.model_validate({"token": "env:TOKEN", "data_sources": {"tasks": table}}))
    whole = frozenset({"labels", "assignees", "blocked_by"})
    odd = {"minute_clock": True, "whole": whole}
    new, in_part = payloads.notion_page, payloads.page_written_in_part
    return RealKind(
        name, lens, NotionIntegration, new, "last_edited_time", many_calls=True, in_part=in_part, oddities=odd
    )


_LABELS = {"status::doing": "started", "status::dropped": "canceled"}
KINDS: Mapping[str, RealKind] = {
    kind.name: kind
    for kind in (
        _gitlab("gitlab", paid=False, statuses={}),
        _gitlab("gitlab with status labels", paid=True, statuses=_LABELS),
        _github("github", statuses={}),
        _github("github with status labels", statuses={"in progress": "started", "later": "backlog"}),
        _linear("linear"),
        _motion("motion"),
        _motion("motion with two statuses", statuses={"Todo": "unstarted", "Completed": "completed"}),
        _notion("notion"),
        _notion("notion with all statuses", statuses={
            "Later": "backlog", "Not started": "unstarted", "In progress": "started", "Done": "completed",
            "Dropped": "canceled",
        }),
    )
}  # fmt: skip
"""The real providers under the settings that are tried, by name."""
