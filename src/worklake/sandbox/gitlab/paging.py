"""Pages of a list, by offset and by keyset, with the headers that tell the way on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import orjson

from worklake.sandbox.gitlab.call import Call, Reply
from worklake.sandbox.gitlab.errors import ApiError, invalid_parameter
from worklake.sandbox.gitlab.indexes import SortValue

Row = TypeVar("Row")
_COUNTED_ROWS = 10_000
_DEEPEST_OFFSET = 50_000


def per_page(call: Call) -> int:
    """Rows on a page: 20 unless told, 100 at most."""
    wanted = call.query.integer("per_page")
    if wanted is None:
        return 20
    if wanted < 1:
        raise invalid_parameter("per_page does not have a valid value")
    return min(wanted, 100)


def wants_keyset(call: Call) -> bool:
    """Whether the caller asked for keyset pages."""
    return call.query.text("pagination") == "keyset"


def paged(call: Call, rows: Sequence[Row], show: Callable[[Row], Any]) -> Reply:
    """The page of a list that the caller asked for by number."""
    start, stop, headers = offset_window(call, len(rows))
    return Reply(orjson.dumps([show(row) for row in rows[start:stop]]), headers=headers)


def offset_window(call: Call, total: int, *, deepest: str | None = None) -> tuple[int, int, dict[str, str]]:
    """Where the page begins and ends in a list of `total` rows, and its headers.

    `deepest` names the type of the rows when the same list has keyset pages: then too deep an offset is 405.
    """
    page, size = call.query.integer("page") or 1, per_page(call)
    if page < 1:
        raise invalid_parameter("page does not have a valid value")
    if deepest and page * size > _DEEPEST_OFFSET:
        text = (
            f"Offset pagination has a maximum allowed offset of {_DEEPEST_OFFSET} for requests that return objects of "
            f"type {deepest}. Remaining records can be retrieved using keyset pagination."
        )
        raise ApiError(405, {"error": text})
    last = max(1, -(-total // size))
    following, before = (page + 1 if page < last else None), (page - 1 if 1 < page <= last + 1 else None)
    links = [("prev", before), ("next", following), ("first", 1)]
    headers = {
        "X-Next-Page": str(following or ""), "X-Page": str(page), "X-Per-Page": str(size),
        "X-Prev-Page": str(before or ""),
    }  # fmt: skip
    if total < _COUNTED_ROWS:
        headers |= {"X-Total": str(total), "X-Total-Pages": str(last)}
        links.append(("last", last))
    headers["Link"] = ", ".join(
        f'<{_address(call, page=number, per_page=size)}>; rel="{name}"' for name, number in links if number
    )
    return (page - 1) * size, page * size, headers


def keyset_headers(call: Call, column: str, value: SortValue, row_id: int) -> dict[str, str]:
    """The way on from the last row of a page."""
    cursor = base64.urlsafe_b64encode(orjson.dumps([column, value, row_id])).decode()
    return {"Link": f'<{_address(call, per_page=per_page(call), cursor=cursor)}>; rel="next"'}


def read_cursor(call: Call, column: str, kind: type[int] | type[str] = int) -> tuple[SortValue, int] | None:
    """The row after which the page begins; None on the first. `kind` is the type of the column's values.

    Raises 400 for a cursor of another list.
    """
    text = call.query.text("cursor")
    if not text:
        return None
    try:
        made_for, value, row_id = orjson.loads(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid_parameter("cursor is invalid") from error
    if made_for != column or type(row_id) is not int or not (value is None or type(value) is kind):
        raise invalid_parameter("cursor is invalid")
    return value, row_id


def keyset_pages(
    call: Call, rows: Sequence[Row], id_of: Callable[[Row], int], texts: Mapping[str, Callable[[Row], str]],
    show: Callable[[Row], Any],
) -> Reply:  # fmt: skip
    """A keyset page of a short list, in the order of ids or of one of the `texts`; ids decide between equals."""
    column = call.query.text("order_by") or "id"
    if column != "id" and column not in texts:
        raise no_keyset()
    descending = call.query.text("sort", ("asc", "desc")) != "asc"
    text_of = texts.get(column)
    cursor = read_cursor(call, column, str)

    def place(row: Row) -> tuple[str, int]:
        return (text_of(row) if text_of else "", id_of(row))

    ordered = sorted(rows, key=place, reverse=descending)
    if cursor:
        last = (str(cursor[0] or ""), cursor[1])
        ordered = [row for row in ordered if (place(row) < last if descending else place(row) > last)]
    size = per_page(call)
    page = ordered[:size]
    headers = keyset_headers(call, column, place(page[-1])[0], id_of(page[-1])) if len(ordered) > size else {}
    return Reply(orjson.dumps([show(row) for row in page]), headers=headers)


def no_keyset() -> ApiError:
    """405 for an order that has no keyset pages."""
    return ApiError(405, {"error": "Keyset pagination is not yet available for this type of request"})


def _address(call: Call, **changed: object) -> str:
    kept = [pair for pair in parse_qsl(call.query_text, keep_blank_values=True) if pair[0] not in changed]
    query = urlencode([*kept, *((name, str(value)) for name, value in changed.items())])
    return f"{call.show.base_url}{call.path}?{query}"
