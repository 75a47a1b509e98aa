"""When a source is not called any further in a run: its credentials are refused, its quota is spent, or it is down; or
when nothing more is made there, as we may not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from worklake.errors import AccessError, AuthError, RetryableError, UnknownOutcomeError
from worklake.model.heart_rows import Outcome

MOST_IN_VAIN = 3
"""After so many calls in a row that fail in passing the rest of a source waits for the next run."""

QuotaCheck = Callable[[str], str | None]
"""Why a source has no call left for now, in words; None where it has."""


def no_quota(source: str) -> str | None:
    """Quotas that nobody looks at."""
    return None


@dataclass(slots=True)
class Patience:
    """What the calls of a run came to, by source. Each source is told of by one thread at a time.

    `paused` are sources whose credentials a person has to mend, `waiting` those that the next run goes on with, and
    `makes_none` those that refused to make an item: the next run tries one again. All with the reason.
    """

    quota: QuotaCheck = no_quota
    paused: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    makes_none: dict[str, str] = field(default_factory=dict)
    _in_vain: dict[str, int] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def leaves(self, source: str, *, makes: bool = False) -> tuple[Outcome, str] | None:
        """What becomes of the steps of a source that must not be called now, and why; None where it may be. `makes`
        says that an item is to be made.
        """
        if source in self.paused:
            return Outcome.PAUSED, self.paused[source]
        if source not in self.waiting:
            spent = self.quota(source)
            if spent is None:
                refused = self.makes_none.get(source) if makes else None
                return None if refused is None else (Outcome.WAITING, refused)
            self.waiting[source] = spent
        return Outcome.WAITING, self.waiting[source]

    def note(self, source: str, fault: Exception | None, *, makes: bool = False) -> None:
        """Take note of how a call to a source went; `makes` says that it was to make an item."""
        if makes and isinstance(fault, AccessError):
            self.makes_none[source] = f"no item may be made there: {fault}"
        if isinstance(fault, AuthError):
            self.paused[source] = str(fault)
        elif isinstance(fault, RetryableError) and fault.retry_after_seconds is not None:
            self.waiting[source] = str(fault)
        elif isinstance(fault, RetryableError | UnknownOutcomeError):
            self._in_vain[source] = self._in_vain.get(source, 0) + 1
            if self._in_vain[source] >= MOST_IN_VAIN:
                self.waiting[source] = f"{MOST_IN_VAIN} calls in a row failed, the last one so: {fault}"
        else:
            self._in_vain.pop(source, None)

    def tells(self, source: str) -> bool:
        """Whether nobody has been told yet that a source is not called any further."""
        is_news = source not in self._told
        self._told.add(source)
        return is_news
