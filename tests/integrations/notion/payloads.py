"""Pages as Notion sends them, for property tests: every property and block in every form that the notes allow."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import strategies as st

from worklake.integrations.notion import NotionSettings

SOURCE = "248104cd-477e-80af-bc30-000bd28de8f9"
STATUSES = {"Not started": "unstarted", "In progress": "started", "In review": "started", "Done": "completed"}
PRIORITIES = {"Urgent": "urgent", "High": "high", "Low": "low"}
PROPERTIES = {
    "status": "Status", "priority": "Priority", "labels": "Tags", "assignees": "Who", "due_date": "Due",
    "start_date": "Start", "estimate_minutes": "Hours", "estimate_points": "Points", "project": "Project",
    "milestone": "Milestone", "cycle": "Sprint", "parent_id": "Parent", "blocked_by": "Blocked by",
}  # fmt: skip


def settings_with(**changed: Any) -> NotionSettings:
    """The settings of a source with one data source."""
    tasks = {"id": SOURCE, "properties": PROPERTIES, "statuses": STATUSES, "priorities": PRIORITIES, **changed}
    return NotionSettings.model_validate({"token": "env:NOTION_TOKEN", "data_sources": {"tasks": tasks}})


IDS = [str(uuid.UUID(int=number, version=4)) for number in range(1, 9)]
ids = st.sampled_from(IDS)
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
words = st.text(characters, min_size=1, max_size=20)
marked = st.sampled_from(
    ["*", "**b**", "`c`", "- x", "1. y", "# z", "> q", "\n", "| a |", "[l](https://a.example)", "_", "  ", "\\", "```"]
)
said = st.lists(st.one_of(words, marked), max_size=4).map("".join)
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters=","), min_size=1,
                max_size=12)  # fmt: skip
moments = st.datetimes().map(lambda at: at.replace(second=0, microsecond=0).isoformat(timespec="milliseconds") + "Z")
days = st.dates().map(lambda day: day.isoformat())


@st.composite
def elements(draw: st.DrawFn, texts: st.SearchStrategy[str] = said) -> dict[str, Any]:
    """A piece of rich text."""
    text, href = draw(texts), draw(st.none() | st.sampled_from(["https://a.example/x", "/internal"]))
    looks = {mark: draw(st.booleans()) for mark in ("bold", "italic", "strikethrough", "underline", "code")}
    kind = draw(st.sampled_from(["text", "text", "text", "mention", "equation"]))
    held = {"content": text, "link": None if href is None else {"url": href}} if kind == "text" else {}
    return {
        "type": kind, kind: held, "annotations": {**looks, "color": "default"}, "plain_text": text,
        "href": href if kind == "text" else None,
    }  # fmt: skip


rich_text = st.lists(elements(), max_size=3)


def blocks(depth: int = 2) -> st.SearchStrategy[list[dict[str, Any]]]:
    """The blocks of a body."""
    return st.lists(_block(depth), max_size=3)


@st.composite
def _block(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(
            ["paragraph", "heading_1", "heading_3", "bulleted_list_item", "numbered_list_item", "to_do", "quote",
             "code", "divider", "callout", "child_page", "toggle"]
        )
    )  # fmt: skip
    block: dict[str, Any] = {"object": "block", "id": draw(ids), "type": kind, "has_children": False, kind: {}}
    if kind not in ("divider", "child_page"):
        block[kind] = {"rich_text": draw(rich_text)}
    if kind == "to_do":
        block[kind]["checked"] = draw(st.booleans())
    if kind == "code":
        block[kind] |= {"language": draw(st.sampled_from(["python", "plain text", "shell", "c++"])), "caption": []}
    if depth and kind in ("bulleted_list_item", "numbered_list_item", "to_do", "quote", "toggle"):
        block["children"] = draw(blocks(depth - 1))
    return block


def _option(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.none() | names.map(lambda name: {"id": f"id of {name}", "name": name, "color": "default"})


def _references() -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(ids, max_size=3, unique=True).map(lambda held: [{"id": one} for one in held])


_dates = st.none() | st.tuples(days, st.none() | days).map(
    lambda span: {"start": min(span[0], span[1] or span[0]), "end": span[1] and max(span), "time_zone": None}
)
_numbers = st.none() | st.integers(0, 1000) | st.floats(0, 1000).map(lambda one: round(one, 3))
_VALUES: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "Name": ("title", st.lists(elements(words), max_size=2)),
    "Status": ("status", _option(st.sampled_from(list(STATUSES)))),
    "Priority": ("select", _option(st.sampled_from([*PRIORITIES, "Someday"]))),
    "Tags": ("multi_select", st.lists(_option(names).filter(bool), max_size=3)),
    "Who": ("people", _references()),
    "Due": ("date", _dates),
    "Start": ("date", _dates),
    "Hours": ("number", _numbers),
    "Points": ("number", _numbers),
    "Project": ("select", _option(names)),
    "Milestone": ("select", _option(names)),
    "Sprint": ("select", _option(names)),
    "Parent": ("relation", _references()),
    "Blocked by": ("relation", _references()),
    "External ID": ("rich_text", st.sampled_from([[], [{"type": "text", "plain_text": "task_0123456789abcdef"}]])),
    "Other": ("checkbox", st.booleans()),
}  # fmt: skip


@st.composite
def pages(draw: st.DrawFn) -> dict[str, Any]:
    """A whole page, with its body."""
    identity = draw(ids)
    return {
        "object": "page",
        "id": identity,
        "created_time": draw(moments),
        "last_edited_time": draw(moments),
        "created_by": {"object": "user", "id": draw(ids)},
        "last_edited_by": {"object": "user", "id": draw(ids)},
        "in_trash": draw(st.booleans()),
        "parent": {"type": "data_source_id", "data_source_id": SOURCE, "database_id": IDS[0]},
        "url": f"https://www.notion.so/A-page-{identity.replace('-', '')}",
        "properties": {
            name: {"id": name[:3], "type": kind, kind: draw(values)} for name, (kind, values) in _VALUES.items()
        },
        "children": draw(blocks()),
    }
