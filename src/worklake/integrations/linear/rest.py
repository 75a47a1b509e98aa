"""Reads on where a listed issue has more labels, relations or attachments than the listing brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from worklake.integrations.base import Item, Payload
from worklake.integrations.linear import queries
from worklake.integrations.linear.listing import Ask
from worklake.integrations.linear.pages import nodes_of
from worklake.model.rows import Kind

NESTED = ("labels", "inverseRelations", "attachments")
AT_ONCE = 25
"""How many issues `queries.REST` has room for."""


def completed(ask: Ask, items: Sequence[Item]) -> Iterator[Item]:
    """The items in their order, issues that were cut short with all that belongs to them.

    An issue that has vanished since it was listed is given back as it was listed.
    """
    short = [item.external_id for item in items if item.kind is Kind.TASK and item.external_id and _cut_short(item)]
    rest: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(short), AT_ONCE):
        answer = ask(queries.REST.call(ids=short[start : start + AT_ONCE]))
        nodes = nodes_of(answer, "issues")
        rest |= {node["id"]: node for node in nodes if isinstance(node, dict) and node.keys() >= {"id", *NESTED}}
    for item in items:
        found = rest.get(item.external_id or "") if item.kind is Kind.TASK else None
        yield item if found is None else item._replace(payload=item.payload | _whole(ask, found))


def _cut_short(item: Item) -> bool:
    return any(_has_more(item.payload.get(key)) for key in NESTED)


def _has_more(connection: Any) -> bool:
    info = connection.get("pageInfo") if isinstance(connection, dict) else None
    return isinstance(info, dict) and info.get("hasNextPage") is True


def _whole(ask: Ask, issue: Mapping[str, Any]) -> Payload:
    nested = {key: issue[key] for key in NESTED}
    if any(_has_more(connection) for connection in nested.values()):
        nested = _page_by_page(ask, issue["id"])
    return nested


def _page_by_page(ask: Ask, external_id: str) -> Payload:
    nodes: dict[str, list[Any]] = {key: [] for key in NESTED}
    cursors: dict[str, str | None] = dict.fromkeys(NESTED)
    more = True
    while more:
        issue = ask(queries.REST_OF_ONE.call(id=external_id, **cursors))["issue"]
        more = False
        for key in NESTED:
            nodes[key] += issue[key]["nodes"]
            info = issue[key]["pageInfo"]
            more = more or info["hasNextPage"]
            cursors[key] = info["endCursor"] or cursors[key]
    return {key: {"nodes": nodes[key], "pageInfo": {"hasNextPage": False}} for key in NESTED}
