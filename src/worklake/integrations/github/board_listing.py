"""Listing with a project: whose card moved comes first, then the issues as they are listed, each with its card.

Moving a card does not touch its issue, and GitHub can be asked neither for the cards that moved nor in the order in
which they did. So each listing reads the whole project, a hundred cards to a call, and its position remembers which
option each open issue had.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from worklake.errors import AccessError, InvalidInputError, NotFoundError, RetryableError, WorklakeError
from worklake.integrations.base import Item, Page, Payload
from worklake.integrations.github import addresses
from worklake.integrations.github.board import UNREADABLE, Board, Card, Listed, Place, with_card
from worklake.integrations.github.client import GitHubClient
from worklake.integrations.github.issues import CALLS_AT_ONCE, Issues, issue_item
from worklake.integrations.github.listing import Listing
from worklake.integrations.github.position import Position
from worklake.integrations.github.settings import GitHubSettings
from worklake.model.rows import Kind

MOST_READ_ALONE = 100
"""Where more cards of a repository moved, all its issues are listed anew instead of reading each of these."""
PART = "project"

Options = dict[str, dict[int, str]]
"""The options of open issues, by repository in small letters and number."""


@dataclass(slots=True)
class Remembered:
    """What a position holds of a project: the options that were brought, and the open issues that were brought without
    anything being known of their cards.
    """

    project: str
    options: Options = field(default_factory=dict)
    unread: dict[str, set[int]] = field(default_factory=dict)

    @staticmethod
    def parse(part: Any) -> Remembered | None:
        """What stands in a position. Raises `InvalidInputError`."""
        if part is None:
            return None
        try:
            options = {
                repository: {number: option for option, text in told.items() for number in _numbers(text)}
                for repository, told in part["options"].items()
            }
            unread = {repository: set(_numbers(text)) for repository, text in part["unread"].items()}
            return Remembered(str(part["of"]), options, unread)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InvalidInputError(f"this is no part of a position of a GitHub listing: {str(part)[:80]!r}") from None

    def shown(self) -> dict[str, Any]:
        """The same as JSON."""
        options: dict[str, dict[str, str]] = {}
        for repository, told in self.options.items():
            by_option: dict[str, list[int]] = {}
            for number, option in told.items():
                by_option.setdefault(option, []).append(number)
            if by_option:
                options[repository] = {option: _text(numbers) for option, numbers in by_option.items()}
        unread = {repository: _text(numbers) for repository, numbers in self.unread.items() if numbers}
        return {"of": self.project, "options": options, "unread": unread}


class BoardListing:
    """One listing of all repositories of a source that has a project."""

    def __init__(
        self,
        client: GitHubClient,
        issues: Issues,
        board: Board,
        settings: GitHubSettings,
        position: str | None,
        now: datetime,
    ) -> None:
        self._client, self._issues, self._board, self._settings, self._at = client, issues, board, settings, now
        repositories = settings.repositories
        self._held = _object(position, repositories)
        before = Remembered.parse(self._held.pop(PART, None))
        self._project = f"{board.settings.owner}/{board.settings.number} {board.settings.field}".lower()
        self._before = before if before is not None and before.project == self._project else None
        self._now: Remembered | None = copy.deepcopy(self._before)
        self._part: dict[str, Any] | None = None
        self._cards: dict[tuple[str, int], Listed] | None = None
        self._standings: dict[str, Any] = self._held["repositories"]
        self._names = {name.lower(): name for name in repositories}
        self._names_by_id: dict[int, str] = {
            known: name
            for name in repositories
            if (known := self._standings.get(name, {}).get("repository_id")) is not None
        }

    def pages(self) -> Iterator[Page]:
        """The pages of all; what kept the project from being read is raised after the last, and stops no issue."""
        failure: WorklakeError | None = None
        try:
            yield from self._begin()
        except UNREADABLE as error:
            failure = _told(self._client.source, self._board.name, error)
        inner = orjson.dumps(self._held).decode()
        listing = Listing(self._client, self._issues, self._settings, inner, self._at)
        try:
            for page in listing.pages():
                items = [self._with_card(item) for item in page.items]
                yield replace(page, items=items, position=self._position(orjson.loads(page.position)))
        except (AccessError, RetryableError) as error:
            if failure is None:
                raise
            retryable = isinstance(failure, RetryableError) and isinstance(error, RetryableError)
            kind = RetryableError if retryable else AccessError
            raise kind(f"{error}; {str(failure).removeprefix(f'{self._client.source}: ')}") from error
        if failure is not None:
            raise failure

    def _begin(self) -> Iterator[Page]:
        """The issues whose cards moved. They come before all others, so that a listing that is taken up again after
        any page knows which cards were brought.
        """
        listed = {(one.place.repository, one.place.number): one for one in self._board.cards()}
        self._names |= {one.place.repository: name for one in listed.values() if (name := self._name_of(one.place))}
        listed = {key: one for key, one in listed.items() if key[0] in self._names}
        hidden: dict[str, set[int]] = {}
        alone, anew = self._moved(listed)
        brought = self._read(alone, listed, hidden)
        for name in anew:
            self._standings[name] = {**self._standings[name], "issues": {}}
        self._cards, self._now = listed, Remembered(self._project, _options_of(listed), hidden)
        if brought or self._now != self._before:
            yield Page(brought, self._position(self._held))

    def _moved(self, listed: Mapping[tuple[str, int], Listed]) -> tuple[list[tuple[str, int]], list[str]]:
        """The issues of which the project says something else than before, and the repositories that are to be listed
        anew instead: of which it was not known what the project says, or where many moved.
        """
        alone: list[tuple[str, int]] = []
        anew: list[str] = []
        options = _options_of(listed)
        for repository, name in self._names.items():
            standing = self._standings.get(name)
            if standing is None or "since" not in standing.get("issues", {}):
                continue  # it is listed from its beginning anyway
            before = self._before.options.get(repository, {}) if self._before is not None else {}
            now, unread = options.get(repository, {}), self._unread(repository)
            gone = {one for one in before if (repository, one) not in listed}
            moved = {one for one, option in now.items() if before.get(one) != option} | unread
            moved |= {one for one in before.keys() - now.keys() - gone if listed[repository, one].is_open}
            if self._before is None or len(moved) > MOST_READ_ALONE:
                anew.append(name)
                moved = set()
            alone += [(repository, number) for number in sorted(moved | gone)]
        return alone, anew

    def _unread(self, repository: str) -> set[int]:
        return self._before.unread.get(repository, set()) if self._before is not None else set()

    def _read(
        self,
        wanted: Sequence[tuple[str, int]],
        listed: dict[tuple[str, int], Listed],
        hidden: dict[str, set[int]],
    ) -> list[Item]:
        """These issues with their cards, each asked for by itself: who moves a card while the project is read may hide
        it, and what is hidden must not be taken for gone. `listed` then has what was found, `hidden` what could not be
        read although it is there.
        """
        if not wanted:
            return []
        with ThreadPoolExecutor(min(CALLS_AT_ONCE, len(wanted)), thread_name_prefix="github") as pool:
            payloads = dict(zip(wanted, pool.map(self._payload, wanted), strict=True))
        ids = {str(one["node_id"]): key for key, one in payloads.items() if one and "node_id" in one}
        found = {ids[node_id]: card for node_id, card in self._board.cards_of(list(ids)).items()}
        brought = []
        for key, payload in payloads.items():
            if payload and key in found:
                card = found[key]
                listed.pop(key, None)
                if card is not None:
                    listed[key] = Listed(Place(key[0], None, key[1]), payload.get("state") == "open", card)
                brought.append(with_card(issue_item(payload), card))
            elif payload != {} or key in listed:
                hidden.setdefault(key[0], set()).add(key[1])
        return brought

    def _payload(self, key: tuple[str, int]) -> Payload | None:
        """An issue; nothing where there is none any more, None where it may not be read now."""
        try:
            payload = self._client.get(addresses.Place(*key).path)
        except NotFoundError:
            return {}
        except AccessError:
            return None
        place = addresses.place_of(payload)
        if "pull_request" in payload or place is None or (place.repository.lower(), place.number) != key:
            return {}
        self._issues.remember(payload)
        return payload

    def _with_card(self, item: Item) -> Item:
        """A listed issue with its card, if it is open and the project could be read."""
        place = addresses.place_of(item.payload) if item.kind is Kind.TASK and item.external_id else None
        if place is None or item.payload.get("state") != "open":
            return item
        key = place.repository.lower(), place.number
        if self._cards is not None:
            return with_card(item, _card(self._cards.get(key)))
        if self._now is not None:
            self._now.unread.setdefault(key[0], set()).add(key[1])
            self._part = None
        return item

    def _position(self, inner: Mapping[str, Any]) -> str:
        if self._part is None and self._now is not None:
            self._part = self._now.shown()
        whole = {**inner, PART: self._part} if self._part is not None else inner
        return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS).decode()

    def _name_of(self, place: Place) -> str | None:
        """The name by which the settings know a repository, which may be an older one."""
        known = self._names.get(place.repository)
        if known is None and place.repository_id is not None:
            return self._names_by_id.get(place.repository_id)
        return known


def _card(listed: Listed | None) -> Card | None:
    return listed.card if listed is not None else None


def _options_of(listed: Mapping[tuple[str, int], Listed]) -> Options:
    """The options of open issues."""
    found: Options = {}
    for (repository, number), one in listed.items():
        if one.is_open and one.card.option is not None:
            found.setdefault(repository, {})[number] = one.card.option
    return found


def _object(position: str | None, repositories: Sequence[str]) -> dict[str, Any]:
    """A position as JSON. Raises `InvalidInputError`."""
    if not position:
        return {"repositories": {}}
    Position.parse(position, repositories)
    held: dict[str, Any] = orjson.loads(position)
    return held


def _told(source: str, name: str, error: WorklakeError) -> WorklakeError:
    """That the project could not be read, and what follows."""
    words = str(error).removeprefix(f"{source}: ")
    told = f"{source}: {name} could not be read, so the status of open issues is left as it was: {words}"
    if isinstance(error, RetryableError):
        return RetryableError(told, retry_after_seconds=error.retry_after_seconds)
    return AccessError(told)


def _text(numbers: Iterable[int]) -> str:
    """Numbers in short: each as its distance from the one before it."""
    before, parts = 0, []
    for number in sorted(numbers):
        parts.append(str(number - before))
        before = number
    return " ".join(parts)


def _numbers(text: str) -> Iterator[int]:
    """The numbers of such a text."""
    number = 0
    for distance in text.split():
        number += int(distance)
        yield number
