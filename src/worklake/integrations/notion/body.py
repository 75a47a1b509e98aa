"""The body of a page: read with all that lies in it, and changed block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, NamedTuple

from worklake.errors import (
    AccessError,
    AuthError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
)
from worklake.integrations.base import Payload
from worklake.integrations.notion.blocks import HOLDING, TEXTS, as_sent, children_of, held_by, is_known
from worklake.integrations.notion.client import NotionClient, RefusedError, at, done_already
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


class Kind(StrEnum):
    """What a step does to a body."""

    CHANGE = "change"
    PUT_IN = "put_in"
    TAKE_OUT = "take_out"


class Step(NamedTuple):
    """One step of a change: a block that is changed or taken out, or new ones behind a block (None: before all)."""

    kind: Kind
    at: Payload | None
    new: Sequence[Payload] = ()


class BodyWriter:
    """Makes the body of one page say something else, by as few calls as that takes.

    Raises `RetryableError` where the body is not any more as it was shown, `RefusedValueError` for a text, and once a
    part is done `UnknownOutcomeError` whatever keeps the rest from being done.

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
        steps, done = steps_between(self._shown, wanted), False
        try:
            for step in steps:
                for _ in self._calls(step):
                    done = True
        except (NotFoundError, RefusedError, RetryableError, AuthError, AccessError) as error:
            if done:
                with done_already():
                    raise
            if isinstance(error, NotFoundError):
                raise RetryableError(f"{error} Somebody edited the page's body meanwhile; run it again.") from error
            if isinstance(error, RefusedError):
                raise RefusedValueError(str(error), ("description",)) from error
            raise
        return bool(steps)

    def _calls(self, step: Step) -> Iterator[None]:
        """Do a step; comes back after each call."""
        at_block = None if step.at is None else str(step.at["id"])
        match step.kind:
            case Kind.CHANGE:
                block = as_sent(step.new[0])
                self._client.write("PATCH", f"/blocks/{at(str(at_block))}", {block["type"]: block[block["type"]]})
                yield
            case Kind.PUT_IN:
                yield from append(self._client, self._page, step.new, at_block)
            case Kind.TAKE_OUT:
                self._delete(str(at_block))
                yield

    def _delete(self, block: str) -> None:
        try:
            self._client.write("DELETE", f"/blocks/{at(block)}")
        except NotFoundError:
            return  # it is gone, which is what was asked for


def steps_between(shown: Sequence[Payload], wanted: Sequence[Payload]) -> list[Step]:
    """The steps from these blocks to those. New ones come before old ones go: nothing is lost half-way."""
    before, after = [mark_of(block) for block in shown], [mark_of(block) for block in wanted]
    steps: list[Step] = []
    for kind, begin, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        old, new = list(shown[begin:end]), list(wanted[first:last])
        behind = shown[begin - 1] if begin else None
        while old and new and _fits(old[0], new[0]):
            behind = old[0]
            steps.append(Step(Kind.CHANGE, old.pop(0), (new.pop(0),)))
        if new:
            steps.append(Step(Kind.PUT_IN, behind, new))
        steps += [Step(Kind.TAKE_OUT, block) for block in old]
    return steps


def is_on_the_way(before: str, sent: str, shown: str) -> bool:
    """Whether a text is what a page shows while one is written in the place of another and some steps are done."""
    found = [mark_of(block) for block in blocks_of(shown)]
    blocks = blocks_of(before)
    now = [(id(block), mark_of(block)) for block in blocks]
    for step in steps_between(blocks, blocks_of(sent)):
        place = next((number for number, (key, _) in enumerate(now) if step.at is not None and key == id(step.at)), -1)
        if step.kind is Kind.CHANGE:
            now[place] = (now[place][0], mark_of(step.new[0]))
        elif step.kind is Kind.TAKE_OUT:
            del now[place]
        for batch in batches(step.new) if step.kind is Kind.PUT_IN else ():
            now[place + 1 : place + 1] = [(0, mark_of(block)) for block in batch]
            place += len(batch)
            if [mark for _, mark in now] == found:
                return True
        if [mark for _, mark in now] == found:
            return True
    return False


def append(
    client: NotionClient, page: str, blocks: Sequence[Payload], behind: str | None = None, *, at_end: bool = False
) -> Iterator[None]:
    """Put blocks into a page: behind the block with this id, at its end, or before all others. Comes back after each
    call.
    """
    for batch in batches(blocks):
        body: Payload = {"children": [as_sent(block) for block in batch]}
        if not at_end:
            start: Payload = {"type": "start"}
            body["position"] = {"type": "after_block", "after_block": {"id": behind}} if behind else start
        made = client.write("PATCH", f"/blocks/{at(page)}/children", body).get("results")
        if not at_end:
            behind = _last_id(made) or behind
        yield


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


def mark_of(block: Payload) -> tuple[str, str]:
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
