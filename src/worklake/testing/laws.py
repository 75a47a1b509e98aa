"""The contract tests of a lens, on every task that the server holds."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worklake.errors import UnreadableError
from worklake.integrations.base import Payload
from worklake.integrations.views import TaskView
from worklake.model.fields import FIELDS, OPEN_STATUSES, FieldValue, Priority, Status
from worklake.model.rows import Kind
from worklake.testing.samples import PLAIN
from worklake.testing.source import Opened

_texts = st.text(st.characters(codec="utf-8"), max_size=60)
_days = st.none() | st.dates().map(lambda day: day.isoformat())
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "title": _texts,
    "description": st.none() | _texts,
    "status": st.sampled_from([status.value for status in Status]),
    "priority": st.sampled_from([priority.value for priority in Priority]),
    "labels": st.lists(_texts, max_size=4, unique=True).map(sorted),
    "due_date": _days,
    "start_date": _days,
    "estimate_minutes": st.none() | st.integers(0, 10_000),
    "estimate_points": st.none() | st.floats(0, 100),
    "archived": st.booleans(),
    "confidential": st.booleans(),
}
"""Values for fields that need no id or name of the provider's. A subclass may give more in `values`."""

JUNK: tuple[Any, ...] = (
    None, True, -1, 3.5, 10**30, "", "\0", "x", "2026-13-45", "9999-99-99T99:99:99Z", [], [None], ["x", 1], {},
    {"id": []},
)  # fmt: skip
"""What may stand where something else should."""


class LensContract:
    """The laws of a lens, held against the payloads of the server."""

    values: Mapping[str, st.SearchStrategy[Any]] = VALUES

    @pytest.fixture
    def payloads(self, opened: Opened) -> list[Payload]:
        """The payload of every task that the server holds, completed."""
        completed = opened.integration.complete(opened.items())
        return [item.payload for item in completed if item.kind is Kind.TASK]

    def test_view_has_the_fields_that_the_capabilities_name(self, opened: Opened, payloads: list[Payload]) -> None:
        """No field more, each on some task, and each a field of the registry with a value of its kind."""
        named = opened.integration.capabilities.fields
        assert named <= set(FIELDS)
        assert {name for payload in payloads for name in _fields(opened, payload)} == named
        for payload in payloads:
            fields = _fields(opened, payload)
            for name, value in fields.items():
                assert _fits(name, value), f"{name}: {value!r}"

    def test_every_kind_of_item_can_be_viewed(self, opened: Opened) -> None:
        """Whatever a listing brings can be read."""
        for item in opened.integration.complete(opened.items()):
            opened.integration.lens.view(item.kind, item.payload)

    def test_putting_what_was_read_changes_nothing(self, opened: Opened, payloads: list[Payload]) -> None:
        """`put(get(p), p)` shows what p shows, and p itself is left alone."""
        lens = opened.integration.lens
        for payload in payloads:
            before = copy.deepcopy(payload)
            fields = _fields(opened, payload)
            assert _fields(opened, lens.put(fields, payload)) == fields
            assert lens.project(fields, fields) == fields
            assert payload == before

    def test_what_is_put_is_read_back_as_projected(self, opened: Opened, payloads: list[Payload]) -> None:
        """With g = get(p): `get(put(x, p)) == g | project(x, g)`, and projecting again changes nothing."""
        lens = opened.integration.lens
        known = {name: self.values[name] for name in opened.integration.capabilities.fields if name in self.values}

        @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(payloads), st.fixed_dictionaries({}, optional=known))
        def law(payload: Payload, fields: dict[str, FieldValue]) -> None:
            before = _fields(opened, payload)
            projected = lens.project(fields, before)
            assert _fields(opened, lens.put(fields, payload)) == before | projected
            assert lens.project(projected, before) == projected

        law()

    def test_fields_of_a_new_task_are_those_that_can_be_created(self, opened: Opened, payloads: list[Payload]) -> None:
        """`project(x, None)` names nothing else, and projecting again changes nothing."""
        lens = opened.integration.lens
        for payload in payloads:
            projected = lens.project(_fields(opened, payload), None)
            assert set(projected) <= opened.integration.capabilities.creatable
            assert lens.project(projected, None) == projected

    def test_fields_of_one_task_fit_on_another(self, opened: Opened, payloads: list[Payload]) -> None:
        """The law again with values of the provider's own: people, milestones, parents."""
        lens = opened.integration.lens
        for payload, other in zip(payloads, payloads[1:] + payloads[:1], strict=True):
            fields = _fields(opened, other)
            before = _fields(opened, payload)
            assert _fields(opened, lens.put(fields, payload)) == before | lens.project(fields, before)

    def test_what_tells_an_edit_tells_every_field(self, opened: Opened, payloads: list[Payload]) -> None:
        """A payload in which a field is another is never taken for one that is known already."""
        lens = opened.integration.lens
        for payload in payloads:
            if lens.telling(payload) is payload:
                continue
            assert _fields(opened, {**payload, **lens.telling(payload)}) == _fields(opened, payload)
            for name in sorted(opened.integration.capabilities.writable & set(PLAIN)):
                for value in PLAIN[name]:
                    other = lens.put({name: value}, payload)
                    if _fields(opened, other) != _fields(opened, payload):
                        assert lens.telling(other) != lens.telling(payload), f"{name}: {value!r}"

    def test_broken_payload_is_unreadable_and_nothing_worse(self, opened: Opened, payloads: list[Payload]) -> None:
        """Whatever stands in a field: it can be read, or `UnreadableError` says what is wrong."""
        lens = opened.integration.lens
        for payload in payloads[:3]:
            for key in payload:
                for broken in [{**payload, key: junk} for junk in JUNK] + [_without(payload, key)]:
                    try:
                        lens.view(Kind.TASK, broken)
                    except UnreadableError as error:
                        assert str(error)

    def test_url_leads_to_the_key(self, opened: Opened, payloads: list[Payload]) -> None:
        """`key_of` of a task's URL is the key of its view; of a URL elsewhere it is nothing."""
        for payload in payloads:
            view = opened.integration.lens.view(Kind.TASK, payload)
            assert isinstance(view, TaskView)
            if not opened.integration.capabilities.addresses:
                assert view.key is None and view.url is None
                continue
            assert view.key and view.url
            assert opened.integration.key_of(view.url) == view.key
            assert opened.integration.key_of(view.url + "#a-remark") == view.key
        for elsewhere in ("https://elsewhere.example/team/web/-/issues/1", "https://elsewhere.example", "", "no url"):
            assert opened.integration.key_of(elsewhere) is None

    def test_fingerprint_is_the_same_for_the_same_settings(self, opened: Opened) -> None:
        """Reading with the same settings has the same fingerprint."""
        integration = opened.integration
        again = type(integration.lens).fingerprint(integration.lens)
        assert again == integration.lens.fingerprint() != ""


def _fields(opened: Opened, payload: Payload) -> dict[str, FieldValue]:
    view = opened.integration.lens.view(Kind.TASK, payload)
    assert isinstance(view, TaskView)
    return view.fields


def _without(payload: Payload, key: str) -> Payload:
    return {name: value for name, value in payload.items() if name != key}


def _fits(name: str, value: FieldValue) -> bool:
    spec = FIELDS[name]
    if name == "status":
        return value in {status.value for status in (*OPEN_STATUSES, Status.COMPLETED, Status.CANCELED)}
    if name == "priority":
        return value in {priority.value for priority in Priority}
    if isinstance(spec.empty, list):
        return isinstance(value, list) and all(isinstance(one, str) for one in value) and value == sorted(set(value))
    if value is None:
        return spec.empty is None
    kinds: dict[type, type | tuple[type, ...]] = {bool: bool, int: int, float: (int, float)}
    return isinstance(value, kinds.get(spec.type, str))
