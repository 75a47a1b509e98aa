"""Pages of Linear's connections, as they are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from worklake.integrations.base import Payload
from worklake.integrations.reading import unexpected
from worklake.integrations.rounds import PageError, Rounds


def nodes_of(answer: Payload | None, name: str) -> Sequence[Any]:
    """The nodes of the connection that an answer has under this name. Raises `PageError` where there is none."""
    nodes = _connection(answer, name).get("nodes")
    if not isinstance(nodes, list):
        raise _no_page(f"{name}.nodes", nodes)
    return nodes


def page_of(answer: Payload | None, name: str, given: str | None = None) -> tuple[Sequence[Any], str | None]:
    """The nodes of a page, and the cursor of the next one; `given` is the cursor that this one was asked with.

    Raises `PageError` where it is no page, or does not lead on.
    """
    nodes, info = nodes_of(answer, name), _connection(answer, name).get("pageInfo")
    if not isinstance(info, dict):
        raise _no_page(f"{name}.pageInfo", info)
    if not info.get("hasNextPage"):
        return nodes, None
    after = info.get("endCursor")
    if not isinstance(after, str) or after == given:
        raise PageError(
            f"Linear says that there are more {name} after the cursor {given!r}, but not where they start. What came"
            " before is kept; run it again later."
        )
    return nodes, after


def _connection(answer: Payload | None, name: str) -> Payload:
    connection = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(connection, dict):
        raise _no_page(name, connection)
    return connection


def all_nodes(ask: Callable[[str | None], Payload | None], name: str) -> Iterator[Any]:
    """The nodes of a connection, page by page; `ask` gives what has its page after a cursor under this name."""
    after: str | None = None
    rounds = Rounds(f"Linear's list of {name}")
    while True:
        nodes, after = page_of(ask(after), name, after)
        rounds.note(marks_of(nodes))
        yield from nodes
        if after is None:
            return


def marks_of(nodes: Sequence[Any]) -> Iterator[tuple[str, str] | str]:
    """What stands for each node, so that the same one is known again."""
    for node in nodes:
        yield (str(node.get("id")), str(node.get("updatedAt"))) if isinstance(node, dict) else str(node)


def _no_page(name: str, found: Any) -> PageError:
    return PageError(f"Linear's answer is no list: {unexpected(name, found, 'a page')}. Run it again later.")
