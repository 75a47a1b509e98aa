"""What can be done in a Notion workspace, by the connection or by a person."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.notion import richtext, values
from worklake.sandbox.notion.blocks import BlockMaker, content_of
from worklake.sandbox.notion.entities import Block, Comment, DataSource, Json, Page, User
from worklake.sandbox.notion.errors import invalid, not_found
from worklake.sandbox.notion.events import Events
from worklake.sandbox.notion.store import Store, shown_time, wire_id

IN_TRASH = "Can't edit page on block with an archived ancestor. You must unarchive the ancestor before editing."


class Workspace:
    """Changes of the store, each with the event that it causes."""

    def __init__(self, store: Store, events: Events) -> None:
        self.store, self.events = store, events

    def data_source(self, identity: str) -> DataSource:
        """The data source that the connection sees. Raises `ApiError`."""
        source = self.store.data_sources.get(wire_id(identity) or "")
        if source is None or not source.shared:
            raise not_found("data source", identity)
        return source

    def page(self, identity: str) -> Page:
        """The page that the connection sees, also in the trash. Raises `ApiError`."""
        page = self.store.pages.get(wire_id(identity) or "")
        if page is None or page.purged or not page.shared or not self.store.data_sources[page.data_source].shared:
            raise not_found("page", identity)
        return page

    def block(self, identity: str) -> tuple[Block, Page, Block | None]:
        """The block with its page and the block it lies in. Raises `ApiError`."""
        found = self.store.blocks.get(wire_id(identity) or "")
        if found is None:
            raise not_found("block", identity)
        self.page(found[1].id)
        return found

    def create(
        self, source: DataSource, properties: Any, children: Any, author: User, identity: str | None = None
    ) -> Page:
        """Make a page."""
        kept = self._kept(source, properties)
        for prop in source.properties:
            if prop.type == "status" and prop.id not in kept:
                kept[prop.id] = prop.config.get("default")
        body = BlockMaker(self.store, author).make(children or [])
        now, number = self.store.now(), 1 + sum(page.data_source == source.id for page in self.store.pages.values())
        page = Page(
            identity or self.store.new_id("page"), source.id, number, now, now, author.id, author.id, kept, body
        )
        self.store.pages[page.id] = page
        self.store.remember(page, body)
        self.events.note("page.created", page, author)
        return page

    def set_properties(self, page: Page, properties: Any, editor: User) -> None:
        """Set these properties; the others stay."""
        self._refuse_trashed(page)
        source = self.store.data_sources[page.data_source]
        kept = self._kept(source, properties)
        page.values |= kept
        if kept:
            self.store.touch(page, editor)
            self.events.note("page.properties_updated", page, editor, updated_properties=list(kept))

    def set_in_trash(self, page: Page, in_trash: bool, editor: User) -> None:
        """Put a page into the trash, or bring it back: that is no edit of it."""
        if page.in_trash is not in_trash:
            page.in_trash = in_trash
            self.events.note("page.deleted" if in_trash else "page.undeleted", page, editor)

    def move(self, page: Page, target: DataSource, editor: User) -> None:
        """Put a page into another data source; values stay where a property has the same name and type there."""
        here = self.store.data_sources[page.data_source]
        kept: Json = {}
        for prop in here.properties:
            there = target.find(prop.name)
            if there is not None and there.type == prop.type and prop.id in page.values:
                kept[there.id] = page.values[prop.id]
        page.data_source, page.values = target.id, kept
        self.events.note("page.moved", page, editor)

    def erase(self, page: Page, editor: User) -> None:
        """Take away all blocks of a page."""
        self._refuse_trashed(page)
        for block in page.body:
            block.in_trash = True
        page.body = []
        self._body_changed(page, editor)

    def append(
        self, page: Page, within: Block | None, children: Any, after: str | None, at_start: bool, editor: User
    ) -> list[Block]:
        """Put blocks into a page, or into one of its blocks: behind the one with the id `after`, or at an end."""
        self._refuse_trashed(page)
        made = BlockMaker(self.store, editor).make(children)
        siblings = page.body if within is None else within.children
        place = 0 if at_start else len(siblings)
        if after is not None:
            places = [number for number, one in enumerate(siblings) if one.id == wire_id(after) and not one.in_trash]
            if not places:
                raise invalid(f"Could not find block with ID: {after} to append after.")
            place = places[0] + 1
        siblings[place:place] = made
        self.store.remember(page, made, within)
        self._body_changed(page, editor)
        return made

    def change_block(self, block: Block, page: Page, body: Json, editor: User) -> None:
        """Give a block another content; its type stays."""
        self._refuse_trashed(page)
        held = body.get(block.type)
        unknown = sorted(set(body) - {block.type, "type", "in_trash", "archived", "object"})
        if unknown:
            raise invalid(f"body failed validation: body.{unknown[0]} should be not present: the type cannot change.")
        if isinstance(held, dict):
            block.content = content_of(self.store, block.type, held, f"body.{block.type}", block.content)
            block.edited_at, block.edited_by = self.store.now(), editor.id
            self._body_changed(page, editor)

    def trash_block(self, block: Block, page: Page, within: Block | None, editor: User) -> None:
        """Put a block into the trash."""
        self._refuse_trashed(page)
        block.in_trash = True
        siblings = page.body if within is None else within.children
        if block in siblings:
            siblings.remove(block)
        self._body_changed(page, editor)

    def comment(self, page: Page, rich_text: Any, author: User, discussion: str | None = None) -> Comment:
        """Write a comment. The page is not edited by that."""
        shown = richtext.shown(rich_text, "body.rich_text", values.name_of(self.store))
        now = self.store.now()
        comment = Comment(
            self.store.new_id("comment"), page.id, discussion or self.store.new_id("discussion"), shown, author.id, now,
            now,
        )  # fmt: skip
        self.store.comments[comment.id] = comment
        self.events.note("comment.created", page, author, entity=comment.id)
        return comment

    def shown_page(self, page: Page, *, names_archived: bool = False) -> Json:
        """A page as the API shows it."""
        source = self.store.data_sources[page.data_source]
        shown: Json = {
            "object": "page",
            "id": page.id,
            "created_time": shown_time(page.created_at),
            "last_edited_time": shown_time(page.edited_at),
            "created_by": {"object": "user", "id": page.created_by},
            "last_edited_by": {"object": "user", "id": page.edited_by},
            "cover": None,
            "icon": None,
            "parent": {"type": "data_source_id", "data_source_id": source.id, "database_id": source.database_id},
            "in_trash": page.in_trash,
            "is_archived": False,
            "is_locked": False,
            "properties": {prop.name: values.shown(self.store, source, page, prop) for prop in source.properties},
            "url": f"https://www.notion.so/{self._slug(source, page)}{page.id.replace('-', '')}",
            "public_url": None,
        }
        return shown | {"archived": page.in_trash} if names_archived else shown

    def shown_comment(self, comment: Comment) -> Json:
        """A comment as the API shows it."""
        return {
            "object": "comment",
            "id": comment.id,
            "parent": {"type": "page_id", "page_id": comment.page},
            "discussion_id": comment.discussion,
            "created_time": shown_time(comment.created_at),
            "last_edited_time": shown_time(comment.edited_at),
            "created_by": {"object": "user", "id": comment.created_by},
            "rich_text": comment.rich_text,
        }

    def _kept(self, source: DataSource, properties: Any) -> Json:
        if not isinstance(properties, dict):
            raise invalid("body failed validation: body.properties should be an object.")
        kept: Json = {}
        for name, sent in properties.items():
            prop = source.find(name)
            if prop is None:
                raise invalid(f"{name} is not a property that exists.")
            kept[prop.id] = values.kept(self.store, source, prop, sent)
        return kept

    def _refuse_trashed(self, page: Page) -> None:
        if page.in_trash:
            raise invalid(IN_TRASH)

    def _body_changed(self, page: Page, editor: User) -> None:
        self.store.touch(page, editor)
        self.events.note("page.content_updated", page, editor)

    def _slug(self, source: DataSource, page: Page) -> str:
        title = next(prop for prop in source.properties if prop.type == "title")
        words = "".join(
            letter if letter.isascii() and letter.isalnum() else "-"
            for letter in richtext.plain(page.values.get(title.id) or [])[:60]
        )
        slug = "-".join(part for part in words.split("-") if part)
        return f"{slug}-" if slug else ""
