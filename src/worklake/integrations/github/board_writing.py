"""Writing the status of an issue to a project: which calls it takes beside opening and closing, and in which order.

What is to be open has its card moved before it is opened, and what is to be closed is closed before its card follows.
So what stopped half-way shows the status before or the one that was sent, never one that nobody meant.
"""

from __future__ import annotations

import structlog

from worklake.errors import AccessError, InvalidInputError, NotFoundError, RefusedValueError, WorklakeError
from worklake.integrations.base import Payload
from worklake.integrations.github.board import Board, Card
from worklake.integrations.github.client import GitHubClient
from worklake.integrations.github.edits import Edit
from worklake.integrations.github.options import CARD, OptionFields
from worklake.model.fields import OPEN_STATUSES, Fields, FieldValue, Status

log = structlog.get_logger(__name__)


class CardWriter:
    """Moves the cards of a source's issues. Without a project it does nothing."""

    def __init__(self, client: GitHubClient, board: Board | None, options: OptionFields | None) -> None:
        self._client, self._board, self._options = client, board, options

    def move(self, edit: Edit, changed: Fields, node_id: str | None, *, new: bool = False) -> Payload:
        """Move the card of an issue that is to be open; what the issue carries of it then, nothing where that is not
        its status. A `new` issue is taken into the project only where it is to say more than that it is open.
        """
        status = changed.get("status")
        if self._board is None or status not in OPEN_STATUSES or (new and status == Status.UNSTARTED):
            return {}
        if node_id is None:
            raise RefusedValueError(
                f"{self._client.source}: GitHub does not tell by which id a card is moved", ("status",)
            )
        try:
            card = edit.beside(lambda: self._moved(node_id, str(status), new=new))
        except (AccessError, InvalidInputError, NotFoundError) as error:
            self._board.forget(node_id)
            raise RefusedValueError(f"{error} The card in {self._board.name} was not moved.", ("status",)) from error
        return {CARD: card.shown if card is not None else None}

    def follow(self, status: FieldValue, node_id: str | None) -> None:
        """Move the card of an issue that was closed. Its status is right already: where the card stays behind, that is
        said and no more, as GitHub moves it too unless that workflow is off.
        """
        if self._board is None or self._options is None or status in OPEN_STATUSES or node_id is None:
            return
        option = self._options.option_of(str(status))
        try:
            self._board.forget(node_id)  # GitHub may have moved it already
            card = self._board.card_of(node_id) if option is not None else None
            if option is not None and card is not None and self._options.meaning_of(card.option) != status:
                self._board.move(node_id, card, option)
        except WorklakeError as error:
            log.warning("issue was closed, and its card stays where it is", project=self._board.name, why=str(error))

    def _moved(self, node_id: str, status: str, *, new: bool) -> Card | None:
        assert self._board is not None and self._options is not None
        option, card = self._options.option_of(status), None if new else self._board.card_of(node_id)
        if option is None:  # an option that stands for something else would say so
            has_other = card is not None and self._options.meaning_of(card.option) not in (None, status)
            return self._board.clear(node_id, card) if card is not None and has_other else card
        if card is not None and card.option is not None and card.option.lower() == option.lower():
            return card
        if card is not None:
            try:
                return self._board.move(node_id, card, option)
            except NotFoundError:
                pass  # it was taken out of the project since it was read
        return self._board.move(node_id, self._board.add(node_id), option)
