"""Items whose comments or links could not be read: they wait in quarantine until a pull can complete them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter

from worklake.model.rows import Quarantined

PUT_ASIDE = "what belongs to it could not be read: "
"""How the reason of such an item begins."""
MOST_IN_VAIN = 3
"""After so many that still cannot be completed the others wait for the next pull."""


class Aside:
    """The items of one source that wait, as the quarantine's open rows of this kind have them."""

    def __init__(self, rows: Iterable[Quarantined]) -> None:
        self._rows: dict[tuple[str, str], dict[str, Quarantined]] = {}
        for row in rows:
            self.put(row)

    def put(self, row: Quarantined) -> None:
        """Let an item wait."""
        self._rows.setdefault((row.kind, row.external_id), {})[row.record_hash] = row

    def waiting(self) -> Iterator[Quarantined]:
        """The newest payload of each item that waits, those first that were tried the longest ago."""
        newest = [max(rows.values(), key=attrgetter("quarantined_at")) for rows in self._rows.values()]
        yield from sorted(newest, key=attrgetter("quarantined_at"))

    def settled(self, kind: str, external_id: str, now: datetime) -> list[Quarantined]:
        """The rows of an item that waits no more, closed."""
        rows = self._rows.pop((kind, external_id), {})
        return [row.model_copy(update={"resolved_at": now}) for row in rows.values()]
