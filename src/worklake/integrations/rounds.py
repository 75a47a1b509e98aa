"""Notices a list that has no end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from worklake.errors import RetryableError

SAME_PAGES = 3
"""So often the same page is taken; a list that moves while it is read may rightly show one twice."""
EMPTY_PAGES = 50
"""So many empty pages in a row are taken: what one may not see is left out of a page, but the page is there."""


class PageError(RetryableError):
    """A list that cannot be read on: what is answered is no page of it, or it has no end."""


class Rounds:
    """Watches one list being read, page by page. `what` names the list in the error."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._seen: Counter[int] = Counter()
        self._empty = 0

    def note(self, page: Iterable[Hashable]) -> None:
        """Take note of a page: what stands for each of its entries. Raises `PageError` when it goes in circles."""
        entries = tuple(page)
        self._empty = 0 if entries else self._empty + 1
        if entries:
            mark = hash(entries)
            self._seen[mark] += 1
            if self._seen[mark] > SAME_PAGES:
                self._refuse("the same page again and again")
        if self._empty > EMPTY_PAGES:
            self._refuse("one empty page after the other")

    def _refuse(self, found: str) -> None:
        raise PageError(
            f"{self._what} has no end: the server sends {found}. What came before is kept; run it again later, and if"
            " it stays so, tell whoever runs the server."
        )
