"""A project of GitHub (Projects v2), which GraphQL alone shows as a whole: which option each issue has in its field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import structlog

from worklake.errors import AccessError, InvalidInputError, NotFoundError, RetryableError, UnreadableError
from worklake.integrations.base import Item, Payload
from worklake.integrations.github.board_queries import (
    ADD_CARD,
    CARDS,
    CARDS_OF_ISSUES,
    CLEAR_CARD,
    DETAILS,
    MOVE_CARD,
)
from worklake.integrations.github.client import PAGE_SIZE, GitHubClient
from worklake.integrations.github.options import CARD, changed_at
from worklake.integrations.github.settings import ProjectSettings
from worklake.integrations.rounds import Rounds

UNREADABLE = (AccessError, NotFoundError, RetryableError, InvalidInputError)
"""What a project that cannot be read raises. The issues go on without it."""
MOST_REMEMBERED = 50_000

log = structlog.get_logger(__name__)


class Card(NamedTuple):
    """An issue's item in the project: its option, if it has one, and when that was set. `reopened_at` is when the issue
    was last opened again, if it was.
    """

    item_id: str
    option: str | None
    moved_at: str | None
    reopened_at: str | None = None

    @property
    def shown(self) -> Payload:
        """What an issue carries of it."""
        return {"option": self.option, "moved_at": self.moved_at, "reopened_at": self.reopened_at}


class Place(NamedTuple):
    """Where the issue of a card is: its repository, in small letters and by its number, and the issue's number."""

    repository: str
    repository_id: int | None
    number: int


class Listed(NamedTuple):
    """A card as the list of the project has it."""

    place: Place
    is_open: bool
    card: Card


class Details(NamedTuple):
    """The project and its field. `options` are ids by name as the field has them; None where it is none such."""

    id: str
    title: str
    closed: bool
    writable: bool
    field_id: str | None
    options: Mapping[str, str] | None
    fields: Sequence[str]


class Board:
    """The project of a source."""

    def __init__(self, client: GitHubClient, settings: ProjectSettings) -> None:
        self._client, self.settings = client, settings
        self._variables = {"owner": settings.owner, "number": settings.number, "field": settings.field}
        self._cards: dict[str, Card | None] = {}
        self._known: Details | None = None
        self.name = f"the {settings.name}"

    def details(self) -> Details:
        """The project and its field as they are now. Raises `NotFoundError`, `AccessError`."""
        told = self._project("ProjectDetails", DETAILS, {})
        field = self._field_of(told) or {}
        options = field.get("options")
        self._known = Details(
            str(told.get("id")), str(told.get("title")), told.get("closed") is True,
            told.get("viewerCanUpdate") is True, field.get("id"),
            {str(one["name"]): str(one["id"]) for one in options} if isinstance(options, list) else None,
            [str(one["name"]) for one in _nodes(told.get("fields")) if "name" in one],
        )  # fmt: skip
        return self._known

    def cards(self) -> Iterator[Listed]:
        """Every issue in the project, a hundred to a call: it can be asked neither for those that moved, nor in the
        order in which they did. Who moves cards meanwhile may hide one.
        """
        after, rounds = None, Rounds(f"{self._client.source}: the items of {self.name}")
        while True:
            project = self._project("ProjectCards", CARDS, {"first": PAGE_SIZE, "after": after})
            self._check_field(project)
            told = project.get("items") or {}
            nodes = list(_nodes(told))
            rounds.note(str(one.get("id")) for one in nodes)
            for node in nodes:
                place = _place(node.get("content"))
                if place is not None:
                    yield Listed(place, node["content"].get("state") == "OPEN", _card(node, node["content"]))
            page = told.get("pageInfo") or {}
            if not page.get("hasNextPage"):
                return
            after = page.get("endCursor")

    def cards_of(self, node_ids: Sequence[str]) -> dict[str, Card | None]:
        """The cards of these issues, a hundred to a call; None for one that is not in the project."""
        found: dict[str, Card | None] = {}
        for begin in range(0, len(node_ids), PAGE_SIZE):
            variables = {"ids": list(node_ids[begin : begin + PAGE_SIZE]), "field": self.settings.field}
            for node in _nodes(self._client.ask("CardsOfIssues", CARDS_OF_ISSUES, variables)):
                items = node.get("projectItems") or {}
                ours = [one for one in _nodes(items) if self._is_ours(one.get("project"))]
                for one in ours:
                    self._check_field(one["project"])
                cards = [_card(one, node) for one in ours]
                if cards or not (items.get("pageInfo") or {}).get("hasNextPage"):
                    found[str(node.get("id"))] = cards[0] if cards else None
        for node_id, card in found.items():
            self._remember(node_id, card)
        return found

    def attached(self, items: Sequence[Item]) -> list[Item]:
        """These issues with their cards. Where the project cannot be read, they come without: nobody knows."""
        wanted = [one.payload["node_id"] for one in items if _needs_card(one.payload)]
        for one in items:
            if one.payload.get("state") != "open":  # its card may have moved as it was closed
                self._cards.pop(str(one.payload.get("node_id")), None)
        try:
            found = self.cards_of(wanted)
        except UNREADABLE as error:
            log.warning("the status of issues is not known", project=self.name, why=str(error))
            return list(items)
        return [
            with_card(one, found[one.payload["node_id"]])
            if _needs_card(one.payload) and one.payload["node_id"] in found
            else one
            for one in items
        ]

    def card_of(self, node_id: str) -> Card | None:
        """The card of an issue as it was last seen, else as it is. None where there is none."""
        if node_id not in self._cards:
            self.cards_of([node_id])
        return self._cards.get(node_id)

    def add(self, node_id: str) -> Card:
        """Take an issue into the project; one that is there already stays as it is."""
        return self._changed(node_id, "AddCard", ADD_CARD, {"project": self._ids().id, "issue": node_id})

    def move(self, node_id: str, card: Card, option: str) -> Card:
        """Give a card an option of the field, which must exist. Raises `InvalidInputError` where it does not."""
        known = self._ids()
        ids = {name.lower(): option_id for name, option_id in (known.options or {}).items()}
        if known.field_id is None or option.lower() not in ids:
            self._known = None
            raise InvalidInputError(
                f"{self._client.source}: the field {self.settings.field!r} of {self.name} has no option {option!r}:"
                " make it there, or correct `project` in conf/sources.yml"
            )
        variables = {
            "project": known.id, "card": card.item_id, "fieldId": known.field_id, "option": ids[option.lower()],
        }  # fmt: skip
        return self._changed(node_id, "MoveCard", MOVE_CARD, variables)

    def clear(self, node_id: str, card: Card) -> Card:
        """Take a card's option off it."""
        known = self._ids()
        variables = {"project": known.id, "card": card.item_id, "fieldId": known.field_id}
        return self._changed(node_id, "ClearCard", CLEAR_CARD, variables)

    def forget(self, node_id: str) -> None:
        """Look for this card anew the next time."""
        self._cards.pop(node_id, None)

    def _changed(self, node_id: str, name: str, query: str, variables: Mapping[str, Any]) -> Card:
        """The card after a change that does no harm when it is sent twice."""
        variables = {**variables, "field": self.settings.field}
        told = self._client.ask(name, query, variables, writes=True, repeatable=True).get("changed")
        node = told.get("card") if isinstance(told, dict) else None
        if not isinstance(node, dict) or not node.get("id"):
            raise RetryableError(f"{self._client.source}: GitHub does not tell what became of a card in {self.name}")
        card = _card(node)
        self._remember(node_id, card)
        return card

    def _ids(self) -> Details:
        return self._known or self.details()

    def _project(self, name: str, query: str, more: Mapping[str, Any]) -> Payload:
        owner = self._client.ask(name, query, {**self._variables, **more}).get("repositoryOwner")
        project = owner.get("projectV2") if isinstance(owner, dict) else None
        if not isinstance(project, dict):
            raise NotFoundError(
                f"{self._client.source}: there is no {self.settings.name}, or this token may not see it"
            )
        return project

    def _check_field(self, project: Payload) -> None:
        """Raise where the field is gone: of every card it would show that it has no option."""
        if self._field_of(project) is None:
            raise InvalidInputError(
                f"{self._client.source}: {self.name} has no single-select field {self.settings.field!r}: make it again,"
                " or correct `project` in conf/sources.yml"
            )

    def _field_of(self, project: Payload) -> Payload | None:
        """The field, by just the name that cards are asked for: in another case that may find nothing."""
        field = project.get("field")
        return field if isinstance(field, dict) and field.get("name") == self.settings.field else None

    def _is_ours(self, project: Any) -> bool:
        owner = (project.get("owner") or {}).get("login") if isinstance(project, dict) else None
        return str(owner).lower() == self.settings.owner.lower() and project.get("number") == self.settings.number

    def _remember(self, node_id: str, card: Card | None) -> None:
        self._cards.pop(node_id, None)
        self._cards[node_id] = card
        if len(self._cards) > MOST_REMEMBERED:
            del self._cards[next(iter(self._cards))]


def with_card(item: Item, card: Card | None) -> Item:
    """An issue with what the project says of it, if it is open: of a closed one that means nothing."""
    if item.payload.get("state") != "open":
        return item
    payload = {**item.payload, CARD: card.shown if card is not None else None}
    try:
        return item._replace(payload=payload, updated_at=changed_at(payload))
    except UnreadableError:
        return item._replace(payload=payload)  # the lens says what is wrong with it


def _needs_card(payload: Payload) -> bool:
    return payload.get("state") == "open" and CARD not in payload and isinstance(payload.get("node_id"), str)


def _nodes(connection: Any) -> Iterator[Payload]:
    nodes = connection.get("nodes") if isinstance(connection, dict) else None
    return (one for one in nodes or () if isinstance(one, dict) and one)


def _card(node: Payload, issue: Payload | None = None) -> Card:
    """A card; one without an option moved when it last changed at all."""
    value = node.get("fieldValueByName") or {}
    reopened = next(_nodes((issue or {}).get("timelineItems")), {})
    return Card(
        str(node.get("id")),
        _optional(value.get("name")),
        _optional(value.get("updatedAt") or node.get("updatedAt")),
        _optional(reopened.get("createdAt")),
    )


def _optional(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _place(content: Any) -> Place | None:
    """Where the issue of a card is; None for drafts, pull requests, and what this token may not see."""
    repository = content.get("repository") if isinstance(content, dict) else None
    if not isinstance(repository, dict) or not isinstance(content.get("number"), int):
        return None
    return Place(str(repository.get("nameWithOwner")).lower(), repository.get("databaseId"), content["number"])
