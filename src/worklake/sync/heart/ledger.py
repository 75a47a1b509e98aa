"""What a row of the ledger tells."""

from __future__ import annotations

from collections.abc import Iterator

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Outcome, Write
from worklake.sync.rules.values import elements, same


def adjusted(write: Write) -> Iterator[tuple[str, FieldValue, FieldValue]]:
    """The fields of which the provider made something else than what was sent: field, sent, shown."""
    if write.outcome is not Outcome.ACKNOWLEDGED or write.shown is None:
        return
    for name, sent in sorted(write.sent.items()):
        shown = write.shown.get(name)
        if name in write.shown and not same(name, sent, shown) and not elements(sent) < elements(shown):
            yield name, sent, shown  # what others put into a set meanwhile is no form of what was sent
