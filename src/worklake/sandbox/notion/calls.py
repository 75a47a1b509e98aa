"""Notion's calls on pages, blocks, comments, data sources and users."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from worklake.sandbox.notion import richtext, schemas, values
from worklake.sandbox.notion.api import NEWEST, Call, Route
from worklake.sandbox.notion.blocks import shown as shown_block
from worklake.sandbox.notion.entities import Block, Comment, Json, Page
from worklake.sandbox.notion.errors import ApiError, invalid, not_found, not_served
from worklake.sandbox.notion.filters import Filters, sorted_by
from worklake.sandbox.notion.paging import listed, page_of
from worklake.sandbox.notion.store import wire_id


def _id(call: Call, name: str) -> str:
    """An id out of the path. Raises `ApiError` where it is none."""
    identity = wire_id(call.parts[name])
    if identity is None:
        raise invalid(
            f'path failed validation: path.{name} should be a valid uuid, instead was `"{call.parts[name]}"`.'
        )
    return identity


def _only(call: Call, *names: str) -> None:
    unknown = sorted(set(call.body) - set(names))
    if unknown:
        raise invalid(f"body failed validation: body.{unknown[0]} should be not present, instead was given.")


def _trash_of(call: Call) -> bool | None:
    """Whether the body puts something into the trash: `archived` says so as well before 2026-03-11."""
    if "archived" in call.body and not call.names_archived:
        raise invalid("body failed validation: body.archived should be not present: use in_trash.")
    given = call.body.get("in_trash", call.body.get("archived"))
    return None if given is None else bool(given)


def list_users(call: Call) -> Json:
    """The members and bots; guests are none of them."""
    rows, cursor = page_of(
        list(call.workspace.store.users), call.query.get("page_size"), call.query.get("start_cursor")
    )
    return listed([_user(call, one) for one in rows], cursor, "user")


def get_user(call: Call) -> Json:
    """A user."""
    identity = _id(call, "user_id")
    if identity not in call.workspace.store.users:
        raise not_found("user", identity)
    return _user(call, identity)


def me(call: Call) -> Json:
    """The bot of the connection."""
    bot = _user(call, call.bot.id)
    return bot | {"bot": {"owner": {"type": "workspace", "workspace": True}, "workspace_name": "Team"}}


def _user(call: Call, identity: str) -> Json:
    user = values.user(call.workspace.store, identity)
    if user.get("type") == "person" and not call.token.sees_people:
        return user | {"person": {}}
    return user


def search(call: Call) -> Json:
    """Pages and data sources by their titles."""
    _only(call, "query", "filter", "sort", "start_cursor", "page_size")
    wanted = (call.body.get("filter") or {}).get("value")
    words = str(call.body.get("query") or "").casefold()
    found: list[tuple[Any, Json]] = []
    store = call.workspace.store
    if wanted in (None, "data_source"):
        for source in store.data_sources.values():
            if source.shared and words in source.name.casefold():
                shown = schemas.data_source(source, names_archived=call.names_archived)
                found.append((source.edited_at, shown))
    if wanted in (None, "page"):
        for page in store.pages.values():
            if page.shared and not page.purged and not page.in_trash and words in _title(call, page).casefold():
                found.append((page.edited_at, call.workspace.shown_page(page, names_archived=call.names_archived)))
    ascends = (call.body.get("sort") or {}).get("direction") == "ascending"
    found.sort(key=lambda one: one[0], reverse=not ascends)
    rows, cursor = page_of(found, call.body.get("page_size"), call.body.get("start_cursor"))
    return listed([shown for _, shown in rows], cursor, "page_or_data_source")


def _title(call: Call, page: Page) -> str:
    source = call.workspace.store.data_sources[page.data_source]
    return richtext.plain(page.values.get(next(one.id for one in source.properties if one.type == "title")) or [])


def get_database(call: Call) -> Json:
    """A database with its data sources."""
    identity = _id(call, "database_id")
    sources = [one for one in call.workspace.store.data_sources.values() if one.database_id == identity and one.shared]
    if not sources:
        raise not_found("database", identity)
    return schemas.database(sources, names_archived=call.names_archived)


def get_data_source(call: Call) -> Json:
    """A data source with its schema."""
    return schemas.data_source(
        call.workspace.data_source(_id(call, "data_source_id")), names_archived=call.names_archived
    )


def change_data_source(call: Call) -> Json:
    """Change a schema or a title."""
    source = call.workspace.data_source(_id(call, "data_source_id"))
    _only(call, "properties", "title", "description", "icon")
    if "properties" in call.body:
        schemas.change(call.workspace.store, source, call.body["properties"])
    if "title" in call.body:
        source.name = richtext.plain(richtext.shown(call.body["title"], "body.title", lambda _: None))
    return schemas.data_source(source, names_archived=call.names_archived)


def query(call: Call) -> Json:
    """The rows of a data source that are not in the trash, at most 10,000 of them."""
    source = call.workspace.data_source(_id(call, "data_source_id"))
    _only(call, "filter", "sorts", "start_cursor", "page_size", "in_trash", "archived", "result_type")
    filters = Filters(call.workspace.store, source)
    test = filters.test(call.body["filter"]) if call.body.get("filter") else lambda page: True
    in_trash = bool(_trash_of(call))
    rows = [
        page
        for page in call.workspace.store.pages.values()
        if page.data_source == source.id
        and page.shared
        and not page.purged
        and page.in_trash is in_trash
        and test(page)
    ]
    rows = sorted_by(rows, filters.order(call.body.get("sorts") or []))
    limit = call.workspace.store.query_limit
    page, cursor = page_of(rows[:limit], call.body.get("page_size"), call.body.get("start_cursor"))
    keep = {unquote(one) for one in call.lists.get("filter_properties", ())}
    answer = listed([_row(call, one, keep) for one in page], cursor, "page_or_data_source")
    if cursor is None and len(rows) > limit:
        answer["request_status"] = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    return answer


def _row(call: Call, page: Page, keep: set[str]) -> Json:
    shown = call.workspace.shown_page(page, names_archived=call.names_archived)
    if keep:
        shown["properties"] = {
            name: one for name, one in shown["properties"].items() if keep & {name, one["id"], unquote(one["id"])}
        }
    return shown


def create_page(call: Call) -> Json:
    """Make a page in a data source."""
    _only(call, "parent", "properties", "children", "icon", "cover", "template", "markdown", "position", "allow_async")
    if "markdown" in call.body or "template" in call.body:
        raise not_served("pages made of Markdown or templates")
    parent = call.body.get("parent")
    identity = parent.get("data_source_id") if isinstance(parent, dict) else None
    if not isinstance(identity, str):
        raise invalid("body failed validation: body.parent.data_source_id should be defined, instead was `undefined`.")
    source = call.workspace.data_source(identity)
    page = call.workspace.create(source, call.body.get("properties") or {}, call.body.get("children"), call.bot)
    return call.workspace.shown_page(page, names_archived=call.names_archived)


def get_page(call: Call) -> Json:
    """A page, also from the trash."""
    page = call.workspace.page(_id(call, "page_id"))
    return _row(call, page, {unquote(one) for one in call.lists.get("filter_properties", ())})


def change_page(call: Call) -> Json:
    """Set properties; put into the trash or bring back; erase the body."""
    page = call.workspace.page(_id(call, "page_id"))
    _only(call, "properties", "in_trash", "archived", "icon", "cover", "is_locked", "erase_content")
    in_trash = _trash_of(call)
    if in_trash is False:
        call.workspace.set_in_trash(page, False, call.bot)
    if call.body.get("properties"):
        call.workspace.set_properties(page, call.body["properties"], call.bot)
    if call.body.get("erase_content"):
        call.workspace.erase(page, call.bot)
    if in_trash:
        call.workspace.set_in_trash(page, True, call.bot)
    return call.workspace.shown_page(page, names_archived=call.names_archived)


def get_property(call: Call) -> Json:
    """A property of a page, whole: page by page where it holds several things."""
    page = call.workspace.page(_id(call, "page_id"))
    store = call.workspace.store
    source = store.data_sources[page.data_source]
    wanted = call.parts["property_id"]
    prop = next((one for one in source.properties if wanted == unquote(one.id)), None)
    if prop is None:
        raise ApiError(404, "object_not_found", f"Could not find property with ID: {wanted}.")
    value = values.whole(store, source, page, prop)
    if prop.type not in ("title", "rich_text", "people", "relation"):
        return {"object": "property_item", "id": prop.id, "type": prop.type, prop.type: value}
    rows, cursor = page_of(value, call.query.get("page_size"), call.query.get("start_cursor"))
    items = [{"object": "property_item", "id": prop.id, "type": prop.type, prop.type: one} for one in rows]
    answer = listed(items, cursor, "property_item")
    answer["property_item"] = {"id": prop.id, "next_url": None, "type": prop.type, prop.type: {}}
    return answer


def move_page(call: Call) -> Json:
    """Put a page into another data source; properties of the same name and type keep their values."""
    page = call.workspace.page(_id(call, "page_id"))
    parent = call.body.get("parent") or {}
    if "data_source_id" not in parent:
        raise not_served("moving a page to anything but a data source")
    call.workspace.move(page, call.workspace.data_source(str(parent["data_source_id"])), call.bot)
    return call.workspace.shown_page(page, names_archived=call.names_archived)


def _holder(call: Call) -> tuple[Page, Block | None]:
    """The page, and the block where the path names one."""
    identity = _id(call, "block_id")
    if identity in call.workspace.store.pages:
        return call.workspace.page(identity), None
    block, page, _ = call.workspace.block(identity)
    return page, block


def _parent_of(page: Page, within: Block | None) -> Json:
    if within is None:
        return {"type": "page_id", "page_id": page.id}
    return {"type": "block_id", "block_id": within.id}


def list_children(call: Call) -> Json:
    """The blocks that lie in a page or a block, not those in them."""
    page, block = _holder(call)
    living = [one for one in (page.body if block is None else block.children) if not one.in_trash]
    rows, cursor = page_of(living, call.query.get("page_size"), call.query.get("start_cursor"))
    parent = _parent_of(page, block)
    return listed([shown_block(call.workspace.store, one, parent) for one in rows], cursor, "block")


def append_children(call: Call) -> Json:
    """Put blocks into a page or a block."""
    page, block = _holder(call)
    after, at_start = _position(call)
    made = call.workspace.append(page, block, call.body.get("children"), after, at_start, call.bot)
    parent = _parent_of(page, block)
    return listed([shown_block(call.workspace.store, one, parent) for one in made], None, "block")


def _position(call: Call) -> tuple[str | None, bool]:
    if call.version != NEWEST:
        _only(call, "children", "after")
        return call.body.get("after"), False
    _only(call, "children", "position")
    position = call.body.get("position") or {"type": "end"}
    match position.get("type"):
        case "start":
            return None, True
        case "end":
            return None, False
        case "after_block":
            return str((position.get("after_block") or {}).get("id")), False
    raise invalid("body failed validation: body.position.type should be after_block, start or end.")


def get_block(call: Call) -> Json:
    """A block."""
    block, page, within = call.workspace.block(_id(call, "block_id"))
    return shown_block(call.workspace.store, block, _parent_of(page, within))


def change_block(call: Call) -> Json:
    """Give a block another content, or put it into the trash."""
    block, page, within = call.workspace.block(_id(call, "block_id"))
    if _trash_of(call):
        call.workspace.trash_block(block, page, within, call.bot)
    else:
        call.workspace.change_block(block, page, call.body, call.bot)
    return shown_block(call.workspace.store, block, _parent_of(page, within))


def delete_block(call: Call) -> Json:
    """Put a block, or a page, into the trash."""
    page, _ = _holder(call)
    if _id(call, "block_id") == page.id:
        call.workspace.set_in_trash(page, True, call.bot)
        return call.workspace.shown_page(page, names_archived=call.names_archived)
    block, page, within = call.workspace.block(_id(call, "block_id"))
    call.workspace.trash_block(block, page, within, call.bot)
    return shown_block(call.workspace.store, block, _parent_of(page, within))


def list_comments(call: Call) -> Json:
    """The comments of a page that are not resolved, oldest first."""
    identity = wire_id(call.query.get("block_id", ""))
    if identity is None:
        raise invalid("query failed validation: query.block_id should be a valid uuid.")
    if identity in call.workspace.store.blocks:
        call.workspace.block(identity)
        found: list[Comment] = []
    else:
        page = call.workspace.page(identity)
        found = [one for one in call.workspace.store.comments.values() if one.page == page.id and not one.resolved]
    rows, cursor = page_of(found, call.query.get("page_size"), call.query.get("start_cursor"))
    return listed([call.workspace.shown_comment(one) for one in rows], cursor, "comment")


def create_comment(call: Call) -> Json:
    """Write a comment on a page, or into a discussion."""
    _only(call, "parent", "discussion_id", "rich_text", "attachments", "display_name")
    discussion = call.body.get("discussion_id")
    if discussion is not None:
        first = next((one for one in call.workspace.store.comments.values() if one.discussion == discussion), None)
        if first is None:
            raise not_found("discussion", str(discussion))
        page = call.workspace.page(first.page)
    else:
        page = call.workspace.page(str((call.body.get("parent") or {}).get("page_id")))
    comment = call.workspace.comment(page, call.body.get("rich_text"), call.bot, discussion)
    return call.workspace.shown_comment(comment)


def _comment(call: Call) -> Comment:
    identity = _id(call, "comment_id")
    comment = call.workspace.store.comments.get(identity)
    if comment is None:
        raise not_found("comment", identity)
    call.workspace.page(comment.page)
    return comment


def get_comment(call: Call) -> Json:
    """A comment."""
    return call.workspace.shown_comment(_comment(call))


def change_comment(call: Call) -> Json:
    """Give a comment of one's own another text."""
    comment = _comment(call)
    _only(call, "rich_text")
    _refuse_others(call, comment)
    comment.rich_text = richtext.shown(call.body.get("rich_text"), "body.rich_text", lambda _: None)
    comment.edited_at = call.workspace.store.now()
    return call.workspace.shown_comment(comment)


def delete_comment(call: Call) -> Json:
    """Delete a comment of one's own."""
    comment = _comment(call)
    _refuse_others(call, comment)
    del call.workspace.store.comments[comment.id]
    return call.workspace.shown_comment(comment)


def _refuse_others(call: Call, comment: Comment) -> None:
    if comment.created_by != call.bot.id:
        raise ApiError(403, "restricted_resource", "The connection can change only comments that it created.")


ROUTES = [
    Route("GET", "/users", list_users, reads=True),
    Route("GET", "/users/me", me, reads=True),
    Route("GET", "/users/:user_id", get_user, reads=True),
    Route("POST", "/search", search, reads=True),
    Route("GET", "/databases/:database_id", get_database, reads=True),
    Route("GET", "/data_sources/:data_source_id", get_data_source, reads=True),
    Route("PATCH", "/data_sources/:data_source_id", change_data_source),
    Route("POST", "/data_sources/:data_source_id/query", query, reads=True),
    Route("POST", "/pages", create_page),
    Route("GET", "/pages/:page_id", get_page, reads=True),
    Route("PATCH", "/pages/:page_id", change_page),
    Route("GET", "/pages/:page_id/properties/:property_id", get_property, reads=True),
    Route("POST", "/pages/:page_id/move", move_page),
    Route("GET", "/blocks/:block_id", get_block, reads=True),
    Route("PATCH", "/blocks/:block_id", change_block),
    Route("DELETE", "/blocks/:block_id", delete_block),
    Route("GET", "/blocks/:block_id/children", list_children, reads=True),
    Route("PATCH", "/blocks/:block_id/children", append_children),
    Route("GET", "/comments", list_comments, reads=True),
    Route("POST", "/comments", create_comment),
    Route("GET", "/comments/:comment_id", get_comment, reads=True),
    Route("PATCH", "/comments/:comment_id", change_comment),
    Route("DELETE", "/comments/:comment_id", delete_comment),
]
