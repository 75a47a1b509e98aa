"""Filters and sorts of a query."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from worklake.sandbox.notion import richtext
from worklake.sandbox.notion.entities import DataSource, Json, Page, Property
from worklake.sandbox.notion.errors import invalid, not_served
from worklake.sandbox.notion.store import Store
from worklake.sandbox.notion.values import whole

Test = Callable[[Page], bool]
DEEPEST = 2


class Filters:
    """The filters of one data source."""

    def __init__(self, store: Store, source: DataSource) -> None:
        self._store, self._source = store, source

    def test(self, sent: Any, depth: int = 0) -> Test:
        """Whether a page passes a filter. Raises `ApiError` for one that Notion does not take."""
        if not isinstance(sent, dict):
            raise invalid("body failed validation: body.filter should be an object.")
        for name, decides in (("and", all), ("or", any)):
            if name in sent:
                if depth >= DEEPEST:
                    raise invalid("body failed validation: body.filter is nested too deep.")
                tests = [self.test(one, depth + 1) for one in sent[name]]
                return lambda page, tests=tests, decides=decides: decides(test(page) for test in tests)  # type: ignore[misc]
        if "timestamp" in sent:
            return self._by_time(sent)
        prop = self._property(sent)
        kind = prop.type if prop.type in sent else None
        if kind is None:
            raise invalid(f"body failed validation: the filter of {prop.name} should be of the type {prop.type}.")
        return self._by_value(prop, sent[kind])

    def order(self, sorts: Any) -> list[tuple[Callable[[Page], Any], bool]]:
        """Keys to sort by, the first counts most, and whether each descends."""
        if not isinstance(sorts, list):
            raise invalid("body failed validation: body.sorts should be an array.")
        return [self._key(one) for one in sorts]

    def _property(self, sent: Json) -> Property:
        prop = self._source.find(str(sent.get("property")))
        if prop is None:
            raise invalid(f"Could not find property with name or id: {sent.get('property')}")
        return prop

    def _key(self, sent: Json) -> tuple[Callable[[Page], Any], bool]:
        descends = sent.get("direction", "ascending") == "descending"
        if "timestamp" in sent:
            return _time_of(str(sent["timestamp"])), descends
        prop = self._property(sent)

        def key(page: Page) -> Any:
            value = _comparable(whole(self._store, self._source, page, prop))
            return (value is None, value if value is not None else "")

        return key, descends

    def _by_time(self, sent: Json) -> Test:
        name = str(sent["timestamp"])
        of, condition = _time_of(name), sent.get(name)
        if not isinstance(condition, dict) or len(condition) != 1:
            raise invalid(f"body failed validation: body.filter.{name} should have one condition.")
        ((how, value),) = condition.items()
        compare = _compared(how)
        wanted = _moment(value)
        return lambda page: compare(of(page), wanted)

    def _by_value(self, prop: Property, condition: Any) -> Test:
        if not isinstance(condition, dict) or len(condition) != 1:
            raise invalid(f"body failed validation: the filter of {prop.name} should have one condition.")
        ((how, wanted),) = condition.items()

        def held(page: Page) -> Any:
            return _comparable(whole(self._store, self._source, page, prop))

        match how:
            case "is_empty":
                return lambda page: held(page) in (None, "", [])
            case "is_not_empty":
                return lambda page: held(page) not in (None, "", [])
            case "equals":
                return lambda page: held(page) == wanted
            case "does_not_equal":
                return lambda page: held(page) != wanted
            case "contains":
                return lambda page: wanted in (held(page) or ())
            case "before" | "after" | "on_or_before" | "on_or_after" if prop.type == "date":
                compare, day = _compared(how), _moment(wanted)
                return lambda page: held(page) is not None and compare(_moment(held(page)), day)
        raise not_served(f"the filter {how} of a {prop.type}")


def sorted_by(pages: list[Page], keys: list[tuple[Callable[[Page], Any], bool]]) -> list[Page]:
    """The pages in this order; those that are alike stand in an order of their own, by nothing one could rely on."""
    rows = sorted(pages, key=lambda page: page.id)
    for key, descends in reversed(keys):
        rows.sort(key=key, reverse=descends)
    return rows


def _time_of(name: str) -> Callable[[Page], datetime]:
    if name == "created_time":
        return lambda page: page.created_at
    if name == "last_edited_time":
        return lambda page: page.edited_at
    raise invalid(f"body failed validation: timestamp should be created_time or last_edited_time, not {name}.")


def _compared(how: str) -> Callable[[datetime, datetime], bool]:
    ways: dict[str, Callable[[datetime, datetime], bool]] = {
        "equals": lambda one, other: one == other,
        "before": lambda one, other: one < other,
        "after": lambda one, other: one > other,
        "on_or_before": lambda one, other: one <= other,
        "on_or_after": lambda one, other: one >= other,
    }
    if how not in ways:
        raise not_served(f"the filter {how} of a time")
    return ways[how]


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid(f"body failed validation: {text!r} should be a valid ISO 8601 date string.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        if value and "plain_text" in value[0]:
            return richtext.plain(value)
        return [one["id"] if one.get("object") == "user" else one.get("name") or one["id"] for one in value]
    if isinstance(value, dict):
        return value.get("name") or value.get("start") or value.get("number") or value.get("id")
    return value
