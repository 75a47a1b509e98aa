"""Everything one Notion workspace holds, and what time it is there."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from worklake.sandbox.notion.entities import Block, Comment, DataSource, Page, User


class Store:
    """The records of a workspace, by id. `bot` is the user of the connection."""

    def __init__(self, seed: int, clock: Callable[[], datetime]) -> None:
        self._seed, self.clock = seed, clock
        self._counts: dict[str, int] = {}
        self.users: dict[str, User] = {}
        self.data_sources: dict[str, DataSource] = {}
        self.pages: dict[str, Page] = {}
        self.comments: dict[str, Comment] = {}
        self.blocks: dict[str, tuple[Block, Page, Block | None]] = {}
        """Each block with its page and the block it lies in."""
        self.query_limit = 10_000
        """So many rows a query gives at most."""
        self.bot = self.add_user("Worklake", None, is_bot=True)

    def new_id(self, kind: str) -> str:
        """Another id; the same ones in the same order for the same seed."""
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        digest = hashlib.sha256(f"{self._seed}/notion/{kind}/{count}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def add_user(self, name: str, email: str | None, *, is_bot: bool = False) -> User:
        """Another user."""
        user = User(self.new_id("user"), name, email, is_bot)
        self.users[user.id] = user
        return user

    def now(self) -> datetime:
        """The moment, which Notion keeps to the minute."""
        return to_the_minute(self.clock())

    def remember(self, page: Page, blocks: list[Block], within: Block | None = None) -> None:
        """Let blocks of a page, and those in them, be found by id."""
        for block in blocks:
            self.blocks[block.id] = (block, page, within)
            self.remember(page, block.children, block)

    def touch(self, page: Page, editor: User) -> None:
        """Note who edited a page and when."""
        page.edited_at, page.edited_by = self.now(), editor.id

    def people(self) -> list[User]:
        """The users that are no bots."""
        return [one for one in self.users.values() if not one.is_bot]


def to_the_minute(moment: datetime) -> datetime:
    """The minute that a moment lies in."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def shown_time(moment: datetime) -> str:
    """A moment as Notion shows it: the seconds are always 00."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def wire_id(text: str) -> str | None:
    """An id with its dashes, or None where the text is none: Notion takes ids with and without."""
    try:
        return str(uuid.UUID(text)) if len(text) in (32, 36) else None
    except ValueError:
        return None
