"""Issues as Linear sends them, for property tests: every field in every form that the schema and the notes allow."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import strategies as st

from worklake.integrations.linear.mapping import PRIORITIES, STATUS_OF_TYPE
from worklake.model.fields import Status
from worklake.model.rows import Kind

KINDS = frozenset({Kind.TASK, Kind.COMMENT, Kind.PERSON, Kind.PROJECT, Kind.MILESTONE})
"""The kinds of things that are read of Linear."""
IDS = [str(uuid.UUID(int=number, version=4)) for number in range(1, 9)]
ids = st.sampled_from(IDS)
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
names = st.text(characters, min_size=1, max_size=12)
texts = st.text(characters, max_size=40)
moments = st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z")
days = st.dates().map(lambda day: day.isoformat())
marks = st.sampled_from(["", "<!-- worklake:task_0123456789abcdef -->", "<!--worklake:comment_0123456789abcdef-->"])
descriptions = st.builds("{}{}{}".format, texts, marks, texts)
titles = st.text(characters, min_size=1, max_size=30)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def connection(nodes: st.SearchStrategy[Any], max_size: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"nodes": st.lists(nodes, max_size=max_size), "pageInfo": st.just({"hasNextPage": False})}
    )


def named(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"id": ids, "name": names, **more})


reference = st.fixed_dictionaries({"id": ids})
relations = st.fixed_dictionaries(
    {"id": ids, "type": st.sampled_from(["blocks", "duplicate", "related", "similar"]), "issue": reference}
)


@st.composite
def issues(draw: st.DrawFn) -> dict[str, Any]:
    """A whole issue, as `queries.ISSUE_FIELDS` asks for it."""
    number = draw(st.integers(1, 99_999))
    project = draw(optional(named()))
    archived = draw(optional(moments))
    return {
        "id": draw(ids),
        "identifier": f"ENG-{number}",
        "previousIdentifiers": draw(st.lists(st.just("OPS-1"), max_size=1)),
        "url": f"https://linear.app/acme/issue/ENG-{number}/a-title",
        "title": draw(titles),
        "description": draw(optional(descriptions)),
        "priority": draw(st.sampled_from([0, 1, 2, 3, 4, 0.0, 2.0])),
        "estimate": draw(optional(st.sampled_from([0, 1, 2, 3, 5, 8, 13, 0.5]))),
        "dueDate": draw(optional(days)),
        "createdAt": draw(moments),
        "updatedAt": draw(moments),
        "completedAt": draw(optional(moments)),
        "canceledAt": draw(optional(moments)),
        "archivedAt": archived,
        "trashed": draw(st.sampled_from([None, True])) if archived else None,
        "team": {"id": IDS[0], "key": "ENG"},
        "state": draw(named(type=st.sampled_from(sorted(STATUS_OF_TYPE)))),
        "creator": draw(optional(reference)),
        "assignee": draw(optional(reference)),
        "project": project,
        "projectMilestone": draw(optional(named())) if project else None,
        "cycle": draw(
            optional(st.fixed_dictionaries({"id": ids, "number": st.integers(1, 99), "name": optional(names)}))
        ),
        "parent": draw(optional(reference)),
        "labels": draw(connection(named())),
        "inverseRelations": draw(connection(relations)),
        "attachments": draw(connection(st.fixed_dictionaries({"id": ids, "url": st.just("https://git.example/1")}))),
    }


fields = st.fixed_dictionaries(
    {
        "title": titles,
        "description": optional(descriptions),
        "status": st.sampled_from([status.value for status in Status]),
        "priority": st.sampled_from(PRIORITIES),
        "labels": st.lists(names, max_size=4),
        "assignees": st.lists(ids, max_size=3, unique=True).map(sorted),
        "due_date": optional(days),
        "start_date": optional(days),
        "estimate_minutes": optional(st.integers(0, 10_000)),
        "estimate_points": optional(st.sampled_from([0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 100])),
        "project": optional(names),
        "milestone": optional(names),
        "cycle": optional(names),
        "parent_id": optional(ids),
        "blocked_by": st.lists(ids, max_size=4, unique=True).map(sorted),
        "archived": st.booleans(),
        "confidential": st.booleans(),
    }
)
"""A canonical task's fields, those that Linear does not have among them."""
