"""Pages of a list, by number and, of long lists of issues, by cursor; the `Link` header tells the way on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson

from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Repository
from worklake.sandbox.github.errors import ApiError, invalid, not_served

Row = TypeVar("Row")
LONG_LIST = 1000
"""A list of issues with more rows than this has cursors in its links."""
DEEPEST_ROW = 10_000
"""A page by number that begins behind this row of a list with cursors is refused."""
_TOO_DEEP = (
    "Pagination with the page parameter is not supported for large datasets,"
    " please use cursor based pagination (after/before)"
)


def paged(call: Call, rows: Sequence[Row], show: Callable[[Row], Any]) -> Reply:
    """The page of a list that the caller asked for by number: 30 rows unless told, 100 at most."""
    page, size = _whole(call, "page", 1), min(_whole(call, "per_page", 30), 100)
    last = max(1, -(-len(rows) // size))
    numbers = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page >= last:
        del numbers["next"], numbers["last"]
    if page <= 1:
        del numbers["prev"], numbers["first"]
    links: dict[str, dict[str, str | None]] = {name: {"page": str(number)} for name, number in numbers.items()}
    shown = [show(row) for row in rows[(page - 1) * size : page * size]]
    return json_reply(shown, headers=_link(call, links))


def paged_issues(
    call: Call, rows: Sequence[Row], place: Callable[[Row], tuple[Any, int]], show: Callable[[Row], Any]
) -> Reply:
    """The same for a list that has pages by cursor where it is long; `place` is a row's value in its order and id."""
    if "after" not in call.query and "before" not in call.query:
        if len(rows) <= LONG_LIST:
            return paged(call, rows, show)
        if (_whole(call, "page", 1) - 1) * min(_whole(call, "per_page", 30), 100) >= DEEPEST_ROW:
            raise ApiError(422, _TOO_DEEP)
    size = min(_whole(call, "per_page", 30), 100)
    begin = (_whole(call, "page", 1) - 1) * size
    if call.query.get("before"):
        raise not_served("pages before a cursor")
    if call.query.get("after"):
        value, number = _read(call.query["after"])
        descending = len(rows) > 1 and place(rows[0]) > place(rows[-1])
        behind = [row for row in rows if (place(row) < (value, number) if descending else place(row) > (value, number))]
        rows, begin = behind, 0
    page = rows[begin : begin + size]
    more = len(rows) > begin + size
    links: dict[str, dict[str, str | None]] = {}
    if more and page:
        links["next"] = {"after": _cursor(place(page[-1])), "page": None}
    return json_reply([show(row) for row in page], headers=_link(call, links))


def _cursor(place: tuple[Any, int]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(place))).decode()


def _read(cursor: str) -> tuple[Any, int]:
    try:
        value, number = orjson.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid("after", "invalid") from error
    return value, number


def _whole(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text) > 0 else default


def _link(call: Call, links: dict[str, dict[str, str | None]]) -> dict[str, str]:
    if not links:
        return {}
    address = call.show.base_url + _by_number(call)
    told = []
    for name, changed in links.items():
        query = {key: value for key, value in {**call.query, **changed}.items() if value is not None}
        told.append(f'<{address}?{urlencode(query)}>; rel="{name}"')
    return {"Link": ", ".join(told)}


def _by_number(call: Call) -> str:
    """The path as links have it: a repository is named by its number there."""
    if "owner" not in call.segments or "repo" not in call.segments:
        return call.path
    repository: Repository = call.repository()
    rest = call.path.split("/", 4)[4:]
    return "/".join([f"/repositories/{repository.id}", *rest])
