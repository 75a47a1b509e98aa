"""Writing comments on issues. Linear lets a key's owner edit their own comments, and an administrator all."""

from __future__ import annotations

from worklake.errors import NotFoundError, RefusedValueError
from worklake.integrations.base import Item, Payload
from worklake.integrations.linear import lookups, mutations
from worklake.integrations.linear.listing import Ask, items_of
from worklake.integrations.linear.refusals import id_is_taken
from worklake.model.rows import Kind


def add_comment(ask: Ask, task: str, body: str, made_id: str | None) -> Item:
    """Write a comment; the one that already has this id is as good."""
    try:
        answer = ask(mutations.ADD_COMMENT.call(id=made_id, issueId=task, body=body))
    except RefusedValueError as error:
        there = find_comment(ask, made_id) if made_id is not None and id_is_taken(error) else None
        if there is None:
            raise
        return there
    return _item(answer["commentCreate"]["comment"])


def find_comment(ask: Ask, made_id: str) -> Item | None:
    """The comment with this id, if there is one."""
    try:
        return _item(ask(lookups.COMMENT.call(id=made_id))["comment"])
    except NotFoundError:
        return None


def edit_comment(ask: Ask, comment: str, body: str) -> Item:
    """Give a comment another text. Raises `AccessError` for another person's, unless the key is an administrator's."""
    return _item(ask(mutations.EDIT_COMMENT.call(id=comment, body=body))["commentUpdate"]["comment"])


def delete_comment(ask: Ask, comment: str) -> None:
    """Delete a comment, with the answers to it."""
    try:
        ask(mutations.DELETE_COMMENT.call(id=comment))
    except NotFoundError:
        return  # it is gone, which is what was asked for


def _item(payload: Payload) -> Item:
    (item,) = items_of(Kind.COMMENT, [payload])
    return item
