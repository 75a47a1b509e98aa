"""The body of a page: read with all that lies in it, and changed block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from worklake.errors import NotFoundError, RefusedValueError, RetryableError
from worklake.integrations.base import Payload
from worklake.integrations.notion.blocks import HOLDING, TEXTS, as_sent, children_of, held_by, is_known
from worklake.integrations.notion.client import NotionClient, RefusedError, at
from worklake.integrations.notion.markdown import blocks_of
from worklake.integrations.notion.rendering import block_markdown

AT_ONCE = 100
"""Blocks that one call takes."""
LARGEST_CALL = 300_000
"""Characters of text of one call; Notion takes 500 kB."""
_READ_INTO = frozenset({*HOLDING, "table"})


def read_body(client: NotionClient, page: str) -> list[Payload]:
    """The blocks of a page, a hundred to a call, and one call more for each that holds others."""
    blocks: list[Payload] = []
    for block in client.all(f"/blocks/{at(page)}/children"):
        if isinstance(block, dict) and block.get("has_children") and block.get("type") in _READ_INTO:
            block = {**block, "children": read_body(client, str(block.get("id")))}
        blocks.append(block)
    return blocks


class BodyWriter:
    """Makes the body of one page say something else, by as few calls as that takes.

    Raises `RetryableError` where the body is not any more as it was shown, `RefusedValueError` for a text.

    Blocks that say the same stay, with their ids and comments; one that says something else is changed where its type
    stays. What Worklake does not know is not touched.
    """

    def __init__(self, client: NotionClient, page: str, shown: Sequence[Payload]) -> None:
        self._client, self._page = client, page
        self._shown = [block for block in shown if is_known(block)]
        self._all_known = len(self._shown) == len(shown)

    def write(self, text: str) -> bool:
        """Write this Markdown; whether anything had to be."""
        wanted = blocks_of(text)
        if not wanted and self._shown and self._all_known:
            self._client.write("PATCH", f"/pages/{at(self._page)}", {"erase_content": True}, repeatable=True)
            return True
        before = [_mark(block) for block in self._shown]
        after = [_mark(block) for block in wanted]
        changes = [
            one for one in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if one[0] != "equal"
        ]
        try:
            for _, begin, end, first, last in changes:
                self._exchange(begin, self._shown[begin:end], wanted[first:last])
        except NotFoundError as error:
            raise RetryableError(f"{error} Somebody edited the page's body meanwhile; run it again.") from error
        except RefusedError as error:
            raise RefusedValueError(str(error), ("description",)) from error
        return bool(changes)

    def _exchange(self, place: int, old: Sequence[Payload], new: Sequence[Payload]) -> None:
        """Put these blocks in the place of those. New ones come before old ones go: nothing is lost half-way."""
        behind: str | None = str(self._shown[place - 1]["id"]) if place else None
        changed = 0
        while changed < min(len(old), len(new)) and _fits(old[changed], new[changed]):
            block = as_sent(new[changed])
            self._client.write("PATCH", f"/blocks/{at(old[changed]['id'])}", {block["type"]: block[block["type"]]})
            behind = str(old[changed]["id"])
            changed += 1
        append(self._client, self._page, new[changed:], behind)
        for block in old[changed:]:
            self._delete(str(block["id"]))

    def _delete(self, block: str) -> None:
        try:
            self._client.write("DELETE", f"/blocks/{at(block)}")
        except NotFoundError:
            return  # it is gone, which is what was asked for


def append(
    client: NotionClient, page: str, blocks: Sequence[Payload], behind: str | None = None, *, at_end: bool = False
) -> None:
    """Put blocks into a page: behind the block with this id, at its end, or before all others."""
    for batch in batches(blocks):
        body: Payload = {"children": [as_sent(block) for block in batch]}
        if not at_end:
            start: Payload = {"type": "start"}
            body["position"] = {"type": "after_block", "after_block": {"id": behind}} if behind else start
        made = client.write("PATCH", f"/blocks/{at(page)}/children", body).get("results")
        if not at_end:
            behind = _last_id(made) or behind


def batches(blocks: Sequence[Payload]) -> Iterator[Sequence[Payload]]:
    """The blocks in parts that one call takes."""
    batch: list[Payload] = []
    size = 0
    for block in blocks:
        weight = _weight(block)
        if batch and (len(batch) == AT_ONCE or size + weight > LARGEST_CALL):
            yield batch
            batch, size = [], 0
        batch.append(block)
        size += weight
    if batch:
        yield batch


def _weight(block: Payload) -> int:
    return len(str(block[block["type"]])) + sum(map(_weight, children_of(block)))


def _mark(block: Payload) -> tuple[str, str]:
    """What a block is and says. The place in a numbered list is no part of it."""
    return str(block["type"]), block_markdown(block)


def _fits(old: Payload, new: Payload) -> bool:
    """Whether a block can become the other one by a change of its text."""
    if old["type"] != new["type"] or children_of(old) or children_of(new):
        return False
    return old["type"] in TEXTS or (old["type"] == "code" and not held_by(old).get("caption"))


def _last_id(made: Any) -> str | None:
    last = made[-1] if isinstance(made, list) and made else None
    identity = last.get("id") if isinstance(last, dict) else None
    return identity if isinstance(identity, str) else None
