"""Asking the providers' own histories who edited which field of an item when. An effect at the edge of the merge."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from worklake.errors import AuthError, NotFoundError, RetryableError, WorklakeError
from worklake.integrations.base import FieldEdit
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.views import Names
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.told import Told

READS = 200
"""How many items a merge asks the history of, at most."""
READS_FOR_ACTORS = 50
"""After how many of them it asks no more for nothing but the person who made an edit."""


@dataclass(slots=True)
class Histories:
    """Reads histories for one merge. A source that fails is not asked again."""

    ports: Ports
    reads: int = 0
    _silent: dict[str, str] = field(default_factory=dict)

    def tells(self, source: str, name: str) -> bool:
        """Whether a source has a history of this field, and may be asked."""
        port = self.ports.get(source)
        return port is not None and port.asked and name in port.integration.capabilities.field_history

    def read(
        self, key: ItemKey, since: datetime, fields: Collection[str], names: Names, *, matters: bool = True
    ) -> list[Told] | str | None:
        """The edits of these fields of an item at or after `since`, oldest first; in words, why nobody can tell. One
        that is gone has none: asking again would bring nothing.

        Without `matters` it is only asked while few were asked before; else None.
        """
        if key.source in self._silent:
            return self._silent[key.source]
        if self.reads >= READS_FOR_ACTORS and not matters:
            return None
        if self.reads >= READS:
            return "too many items differ at once to read the history of each"
        self.reads += 1
        integration = self.ports[key.source].integration
        try:
            edits = list(integration.history(key.external_id, since, frozenset(fields)))
            own = integration.account() if integration.capabilities.tells_editor else None
        except NotFoundError:
            return []  # the history went with its item
        except WorklakeError as error:
            words = f"the history of {key.source} could not be read: {error}"
            if isinstance(error, RetryableError | AuthError):
                self._silent[key.source] = words
            return words
        return [_told(edit, own, names) for edit in edits]


def _told(edit: FieldEdit, own: str | None, names: Names) -> Told:
    actor = None if edit.actor is None else names.person(edit.actor)
    before, after = (names.canonical({edit.field: value})[edit.field] for value in (edit.before, edit.after))
    return Told(edit.field, edit.at, actor, own is not None and edit.actor == own, before, after, edit.told, edit.began)
