"""What the calls of the sandbox's Motion share: what it holds, who writes it, and its switches."""

from __future__ import annotations

from dataclasses import dataclass

from worklake.sandbox.motion.store import Store
from worklake.sandbox.motion.writes import Writes

SWITCHES = {
    "lock_out": "a key that goes over the limit is locked out for an hour",
    "phantom_ids": "so many creations with a duration and a due date answer an id that cannot be read",
    "refuse_unknown_labels": "labels that a workspace lacks are refused instead of made",
    "refuse_null": "a due date or project is not taken away by null",
    "patch_needs_name": "a change without name and workspaceId is refused, as the documentation has it",
}
"""Readings of Motion that no source has settled, and its reported faults: off unless they are switched on."""


@dataclass(slots=True)
class Site:
    """One account's Motion."""

    store: Store
    writes: Writes
    switches: dict[str, int]
