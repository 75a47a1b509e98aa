"""The part of the world that lives in Notion: one database with a row for each piece of work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from worklake.sandbox.notion import richtext
from worklake.sandbox.notion.blocks import BlockMaker
from worklake.sandbox.notion.entities import Comment, DataSource, Group, Option, Page, Property
from worklake.sandbox.notion.paste import blocks_of, in_batches, rich_text
from worklake.sandbox.notion.store import Store, to_the_minute
from worklake.sandbox.notion.values import name_of
from worklake.sandbox.world import Work, World, notion_page_id

STATUSES = {
    "triage": "Triage", "backlog": "Backlog", "unstarted": "Not started", "started": "In progress",
    "completed": "Done", "canceled": "Canceled",
}  # fmt: skip
_GROUPS = (
    ("To-do", "gray", ("Triage", "Backlog", "Not started")),
    ("In progress", "blue", ("In progress", "In review")),
    ("Complete", "green", ("Done", "Canceled")),
)
PRIORITIES = {"urgent": "Urgent", "high": "High", "medium": "Medium", "low": "Low"}
PROPERTIES = {
    "Name": "title", "Status": "status", "Priority": "select", "Tags": "multi_select", "Assignee": "people",
    "Due": "date", "Start": "date", "Estimate": "number", "Points": "number", "Project": "select",
    "Milestone": "select", "Sprint": "select", "Parent task": "relation", "Blocked by": "relation",
    "External ID": "rich_text", "ID": "unique_id", "Created": "created_time", "Edited": "last_edited_time",
    "Link": "url",
}  # fmt: skip
_HOUR = 60


def build_store(world: World, clock: Callable[[], datetime]) -> Store:
    """The workspace of that world, as it is at the world's moment."""
    return _Builder(world, clock).build()


class _Builder:
    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self.world = world
        self.store = Store(world.seed, clock)
        self.people = {one.number: self.store.add_user(one.name, one.email) for one in world.people}

    def build(self) -> Store:
        """The store with its data sources and pages."""
        tasks = self._data_source("Tasks", list(PROPERTIES.items()))
        self._data_source("Notes", [("Name", "title"), ("Tags", "multi_select")])
        held = [work for work in self.world.work if "notion" in work.held_by]
        for number, work in enumerate(held, start=1):
            self._page(tasks, work, number)
        return self.store

    def _data_source(self, name: str, properties: list[tuple[str, str]]) -> DataSource:
        founded = to_the_minute(self.world.now - timedelta(days=400))
        source = DataSource(self.store.new_id("data_source"), self.store.new_id("database"), name, [], founded, founded)
        source.properties = [self._property(source, one, kind) for one, kind in properties]
        self.store.data_sources[source.id] = source
        return source

    def _property(self, source: DataSource, name: str, kind: str) -> Property:
        digest = hashlib.sha256(f"{source.name}/{name}".encode()).hexdigest()
        prop = Property("title" if kind == "title" else f"{digest[:3]}%3A", name, kind)
        if kind == "status":
            for group, color, names in _GROUPS:
                options = [Option(self.store.new_id("option"), one, color) for one in names]
                prop.options += options
                prop.groups.append(Group(self.store.new_id("group"), group, color, [one.id for one in options]))
            prop.config["default"] = prop.options[2].id
        elif name == "Priority":
            prop.options = [Option(self.store.new_id("option"), one) for one in PRIORITIES.values()]
        elif kind == "relation":
            prop.config["data_source_id"] = source.id
        elif kind == "unique_id":
            prop.config["prefix"] = "TASK"
        return prop

    def _page(self, source: DataSource, work: Work, number: int) -> None:
        author = self.people[work.author]
        page = Page(
            notion_page_id(self.world.seed, work.number), source.id, number, to_the_minute(work.created_at),
            to_the_minute(work.updated_at), author.id, author.id,
        )  # fmt: skip
        page.values = {prop.id: value for prop in source.properties if (value := self._value(prop, work)) is not None}
        description = self.world.description_at(work, "notion")
        for batch in in_batches(blocks_of(description), 100):
            page.body += BlockMaker(self.store, author).make(batch)
        self.store.pages[page.id] = page
        self.store.remember(page, page.body)
        for remark in work.comments:
            shown = richtext.shown(rich_text(remark.body), "rich_text", name_of(self.store))
            at = to_the_minute(remark.at)
            comment = Comment(
                self.store.new_id("comment"), page.id, self.store.new_id("discussion"), shown,
                self.people[remark.author].id, at, at,
            )  # fmt: skip
            self.store.comments[comment.id] = comment

    def _value(self, prop: Property, work: Work) -> object:
        match prop.name:
            case "Name":
                return richtext.of_text(work.title)
            case "Status":
                return self._option(prop, STATUSES[work.status])
            case "Priority":
                return self._option(prop, PRIORITIES.get(work.priority))
            case "Tags":
                return [self._option(prop, label) for label in work.labels]
            case "Assignee":
                return [self.people[one].id for one in work.assignees]
            case "Due":
                return _date(work.due_date)
            case "Start":
                return _date(work.start_date)
            case "Estimate":
                return None if work.estimate_minutes is None else work.estimate_minutes / _HOUR
            case "Points":
                return work.estimate_points
            case "Project":
                return self._option(prop, self.world.projects[work.project - 1].name)
            case "Milestone":
                return self._option(prop, work.milestone and self.world.milestones[work.milestone - 1].title)
            case "Sprint":
                return self._option(prop, work.cycle and str(work.cycle))
            case "Parent task":
                return [] if work.parent is None else [notion_page_id(self.world.seed, work.parent)]
            case "Blocked by":
                return [notion_page_id(self.world.seed, one) for one in work.blocked_by]
        return None

    def _option(self, prop: Property, name: object) -> str | None:
        if not isinstance(name, str):
            return None
        known = next((one for one in prop.options if one.name == name), None)
        if known is None:
            known = Option(self.store.new_id("option"), name)
            prop.options.append(known)
        return known.id


def _date(day: object) -> object:
    return None if day is None else {"start": str(day), "end": None, "time_zone": None}
