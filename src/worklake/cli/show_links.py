"""What people see of proposed links and of what was decided on them, and the lists of them that they give."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import RenderableType

from worklake.cli.show import counted, item_named, shortened, table
from worklake.errors import InvalidInputError
from worklake.model.documents import DecidedLinksDocument, ProposalDocument

_MOST_SHOWN = 100


def proposals(proposed: Sequence[ProposalDocument]) -> Iterator[RenderableType]:
    """Proposed links, a row each, and how to decide on them."""
    rows = table("proposal", "task", "and", "why", "differs in")
    for one in proposed[:_MOST_SHOWN]:
        rows.add_row(
            one.proposal_id,
            f"{shortened(one.title)} ({item_named(one.source, one.key)})",
            f"{shortened(one.other_title)} ({item_named(one.other_source, one.other_key)})",
            one.reason + (f"; look at it: {one.doubt}" if one.doubt else ""),
            ", ".join(one.differs),
        )
    yield rows
    if len(proposed) > _MOST_SHOWN:
        yield f"… and {len(proposed) - _MOST_SHOWN} more; all of them with --json"
    yield counted(len(proposed), "proposed link") + "; decide with: worklake links accept|refuse PROPOSAL"
    clear = sum(one.doubt is None for one in proposed)
    if clear > 1:
        yield f"{clear} of them are in no doubt; what accepting these at once means, shows: worklake links accept --all"


def decided(document: DecidedLinksDocument, again: str) -> Iterator[RenderableType]:
    """What was decided on many proposals, or would be by the command `again`."""
    would_be = "" if document.applied else " would be"
    between = "; ".join(f"{number} between {sources}" for sources, number in document.between.items())
    yield f"{counted(len(document.decided), 'proposed link')}{would_be} {document.state}" + (
        f": {between}" if between else ""
    )
    if document.differs and document.state == "accepted":
        told = ", ".join(f"{name} ({number})" for name, number in document.differs.items())
        yield f"Their tasks differ in: {told}. conf/policy.yml says whose value wins; explain keeps the other"
    if document.left:
        verb = "is" if len(document.left) == 1 else "are"
        yield f"{counted(len(document.left), 'proposed link')} {verb} left, to be looked at one by one: worklake links"
    if not document.applied:
        yield f"Nothing is decided yet. To decide so: {again}" if document.decided else "Nothing to decide."
    elif document.decided:
        yield "No tool was written to. What follows from it: worklake plan"


def proposals_in(file: Path) -> list[str]:
    """The ids in a JSON list of proposals (as `worklake links --json` gives it) or of their ids; `-` is standard input.

    Raises `InvalidInputError` where it is none.
    """
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        entries = orjson.loads(text)
    except (OSError, orjson.JSONDecodeError) as error:
        raise InvalidInputError(
            f"{file}: {error}; --from takes a JSON list, as worklake links --json gives it"
        ) from error
    if not isinstance(entries, list):
        raise InvalidInputError(f"{file}: found {type(entries).__name__}; --from takes a JSON list of proposals")
    return [_proposal(file, number, entry) for number, entry in enumerate(entries)]


def _proposal(file: Path, number: int, entry: Any) -> str:
    known = entry.get("proposal_id") if isinstance(entry, dict) else entry
    if not isinstance(known, str) or not known:
        raise InvalidInputError(f"{file}: entry {number} names no proposal; each is an id, or has proposal_id")
    return known
