"""Resolves names to Linear's ids: the workspace's names are asked once, and again when one is missing among them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from worklake.integrations.linear import lookups
from worklake.integrations.linear.directory import Directory, Label, read_directory
from worklake.integrations.linear.listing import Ask

_STREAMS = ("states", "labels", "projects", "milestones", "cycles", "users")


class Names:
    """The names of one workspace, as long as the source is open. Safe to use from several threads at once."""

    def __init__(self, ask: Ask, teams: Sequence[str]) -> None:
        self._ask = ask
        self._teams = tuple(teams)
        self._directory: Directory | None = None
        self._absent: set[tuple[str, ...]] = set()
        self._lock = threading.RLock()

    def directory(self) -> Directory:
        """What names exist, of those teams that the key may see."""
        with self._lock:
            if self._directory is None:
                self._directory = self._read()
            return self._directory

    def find(self, look: Callable[[Directory], str | None], *what: str) -> str | None:
        """What `look` finds, if need be among names asked for anew: somebody may have made it since.

        `what` says what is looked for: the same thing is asked for anew once only.
        """
        with self._lock:
            found = look(self.directory())
            if found is None and what not in self._absent:
                self.forget()
                found = look(self.directory())
                if found is None:
                    self._absent.add(what)
            return found

    def refreshed(self) -> Directory:
        """What names exist now, asked anew."""
        with self._lock:
            self._absent.clear()
            self._directory = self._read()
            return self._directory

    def learn(self, label: Label) -> str:
        """Know a label that was made just now; gives its id."""
        with self._lock:
            known = self.directory()
            self._directory = replace(known, labels=[*known.labels, label])
        return label.id

    def forget(self) -> None:
        """Ask for the names anew when they are needed next."""
        with self._lock:
            self._directory = None

    def _read(self) -> Directory:
        pages = []
        cursors: dict[str, str | None] = dict.fromkeys(_STREAMS)
        more = True
        while more:
            answer = self._ask(lookups.NAMES.call(teams=list(self._teams), **cursors))
            pages.append(answer)
            more = any(answer[stream]["pageInfo"]["hasNextPage"] for stream in _STREAMS)
            cursors = {stream: answer[stream]["pageInfo"]["endCursor"] or cursors[stream] for stream in _STREAMS}
        return read_directory(pages)
