"""Tasks as Motion sends them, made by Hypothesis: with every field, and with the oddities that occur."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from worklake.integrations.motion import MotionSettings
from worklake.model.fields import Priority, Status

STATUSES = [
    {"name": "Todo", "isDefaultStatus": True, "isResolvedStatus": False},
    {"name": "In Progress", "isDefaultStatus": False, "isResolvedStatus": False},
    {"name": "In Review", "isDefaultStatus": False, "isResolvedStatus": False},
    {"name": "Completed", "isDefaultStatus": False, "isResolvedStatus": True},
    {"name": "Shipped", "isDefaultStatus": False, "isResolvedStatus": True},
    {"name": "Canceled", "isDefaultStatus": False, "isResolvedStatus": False},
    {"name": "Backlog", "isDefaultStatus": False, "isResolvedStatus": False},
]
_TEXT = st.characters(codec="utf-8", exclude_characters="\0")
_PIECES = st.sampled_from(
    ["<p>Some <strong>text</strong></p>", "<ul><li><p>a</p></li></ul>", "<pre><code>x\n</code></pre>", "<br>", "<hr>",
     '<ul data-type="taskList"><li data-checked="true" data-type="taskItem"><p>b</p></li></ul>', "<p>a_b *c*</p>",
     "<p><code>worklake:task_0123456789abcdef</code></p>", "<h1>Head</h1>", "loose", "<p>1. &lt;x&gt;</p>"]
)  # fmt: skip
html = st.lists(_PIECES, max_size=5).map("".join)
names = st.text(_TEXT, min_size=1, max_size=30)
moments = st.sampled_from(
    ["1999-12-31T23:59:59.999Z", "2026-03-29T01:30:00.000Z", "2026-03-18T22:00:00.000Z", "2026-10-25T00:30:00.000Z"]
)
ids = st.from_regex(r"\A[A-Za-z0-9_-]{21}\Z")


@st.composite
def users(draw: st.DrawFn) -> dict[str, Any]:
    return {"id": draw(ids), "name": draw(st.none() | names), "email": "kim@x.example"}


@st.composite
def tasks(draw: st.DrawFn) -> dict[str, Any]:
    space = {
        "id": "ws1", "name": "Team", "teamId": None, "type": "TEAM", "labels": [], "statuses": draw(
            st.lists(st.sampled_from(STATUSES), min_size=1, unique_by=lambda one: one["name"])
        ),
    }  # fmt: skip
    status = draw(st.sampled_from(STATUSES))
    return {
        "id": draw(ids), "name": draw(names), "description": draw(html), "status": status,
        "duration": draw(st.sampled_from(["NONE", "REMINDER", 1, 30, 4321])), "dueDate": draw(st.none() | moments),
        "deadlineType": draw(st.sampled_from(["HARD", "SOFT", "NONE"])), "parentRecurringTaskId": None,
        "completed": status["isResolvedStatus"], "completedTime": draw(st.none() | moments),
        "createdTime": draw(moments), "updatedTime": draw(moments), "lastInteractedTime": draw(st.none() | moments),
        "startOn": draw(st.none() | st.sampled_from(["2026-03-18", "2024-02-29"])), "creator": draw(users()),
        "assignees": draw(st.lists(users(), max_size=2, unique_by=lambda one: one["id"])), "workspace": space,
        "project": draw(st.none() | st.just({"id": "pr1", "name": "Web", "description": "", "workspaceId": "ws1"})),
        "priority": draw(st.sampled_from(["ASAP", "HIGH", "MEDIUM", "LOW"])),
        "labels": [{"name": name} for name in draw(st.lists(names, max_size=3, unique=True))],
        "scheduledStart": draw(st.none() | moments), "scheduledEnd": None, "schedulingIssue": False,
        "customFieldValues": {}, "chunks": [],
    }  # fmt: skip


_OPTIONAL = {
    "In Review": Status.STARTED, "Backlog": Status.BACKLOG, "Canceled": Status.CANCELED, "In Progress": Status.STARTED,
    "Nowhere": Status.TRIAGE,
}  # fmt: skip


@st.composite
def settings(draw: st.DrawFn) -> MotionSettings:
    chosen = draw(st.lists(st.sampled_from(sorted(_OPTIONAL)), unique=True))
    statuses = {"Todo": Status.UNSTARTED, "Completed": Status.COMPLETED, **{name: _OPTIONAL[name] for name in chosen}}
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati"]))
    told = {"token": "env:X", "workspaces": ["Team"], "time_zone": zone, "statuses": statuses}
    return MotionSettings.model_validate(told)


_texts = st.text(_TEXT | st.just("\0"), max_size=40)
FIELD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": _texts,
    "description": st.none() | _texts,
    "status": st.sampled_from([status.value for status in Status]),
    "priority": st.sampled_from([priority.value for priority in Priority]),
    "labels": st.lists(_texts, max_size=4, unique=True).map(sorted),
    "assignees": st.lists(ids | st.just("no account"), max_size=3, unique=True).map(sorted),
    "due_date": st.none() | st.dates().map(lambda day: day.isoformat()),
    "start_date": st.none() | st.dates().map(lambda day: day.isoformat()),
    "estimate_minutes": st.none() | st.integers(-1, 10**7),
    "project": st.none() | _texts,
    "confidential": st.booleans(),
}
all_fields = st.fixed_dictionaries({}, optional=FIELD_VALUES)
