"""Issues as GitHub sends them, made by Hypothesis: with every field, and with the oddities that occur."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from worklake.integrations.github.options import CARD
from worklake.integrations.github.settings import GitHubSettings, ProjectSettings
from worklake.model.fields import OPEN_STATUSES, Priority, Status

STATUS_LABELS = ["needs triage", "backlog", "in progress", "In Review", "ready"]
PRIORITY_LABELS = ["priority: 1", "priority: 2", "Priority: 3", "P4"]
OPTIONS = ["Todo", "Ready", "In Progress", "In review", "Done", "Dropped"]
OTHER_LABELS = ["bug", "customer request", "team::platform", "a/b", "übersetzung", "good first issue"]
LABELS = [*STATUS_LABELS, *PRIORITY_LABELS, *OTHER_LABELS]

_READABLE = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
_PIECES = st.sampled_from(
    ["@kim", "@team/web", "kim@x.example", "#12", "team/web#3", "GH-7", "gh-7", "@\u2060kim", "#\u20601", "\u2060",
     "&#39;", "&#39", "`@kim`", "``", "`", "```\n", "~~~\n", "\r\n", "\r", "\n", "\n\n", " ", "|", "<b>", "\\",
     "https://github.com/team/web/issues/12#issuecomment-1", "https://medium.com/@kim/x", "https://@kim", "(", ")",
     "<!-- worklake:task_0123456789abcdef -->", "- [ ] one\n", "    @kim", "@property\n"]
)  # fmt: skip
markdown = st.lists(st.one_of(_PIECES, st.text(_READABLE, max_size=12)), max_size=10).map("".join)
titles = st.text(_READABLE, min_size=1, max_size=256).filter(str.strip)
label_names = st.one_of(st.sampled_from(LABELS), st.text(_READABLE, max_size=12))
_moments = st.sampled_from(["1999-12-31T23:59:59Z", "2026-03-18T09:30:00Z", "2026-03-18T11:30:00+02:00"])
_ids = st.sampled_from([1, 7, 12, 4096, 2**40])


@st.composite
def users(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(_ids)
    return {"id": number, "login": f"user-{number}", "node_id": "U_1", "type": draw(st.sampled_from(["User", "Bot"]))}


@st.composite
def milestones(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "id": draw(_ids), "number": 1, "title": draw(titles), "description": draw(st.none() | markdown),
        "state": draw(st.sampled_from(["open", "closed"])), "created_at": draw(_moments),
        "updated_at": draw(_moments), "due_on": draw(st.none() | _moments), "closed_at": draw(st.none() | _moments),
        "open_issues": 0, "closed_issues": 1, "creator": draw(users()),
    }  # fmt: skip


@st.composite
def _labels(draw: st.DrawFn) -> list[Any]:
    names = draw(st.lists(st.sampled_from(LABELS), unique=True))
    as_texts = draw(st.booleans())
    return [name if as_texts else {"id": 7, "name": name, "color": "ededed"} for name in names]


@st.composite
def issues(draw: st.DrawFn) -> dict[str, Any]:
    number, state = draw(_ids), draw(st.sampled_from(["open", "closed"]))
    address = "https://api.github.com/repos/team/web"
    reasons = [None, "completed", "not_planned", "duplicate"] if state == "closed" else [None, "reopened"]
    blockers = draw(st.lists(_ids, unique=True, max_size=3))
    payload: dict[str, Any] = {
        "id": draw(_ids), "node_id": "I_1", "number": number, "url": f"{address}/issues/{number}",
        "repository_url": address, "html_url": f"https://github.com/team/web/issues/{number}",
        "title": draw(titles), "body": draw(st.none() | markdown), "state": state,
        "state_reason": draw(st.sampled_from(reasons)), "user": draw(st.none() | users()), "labels": draw(_labels()),
        "assignees": draw(st.lists(users(), max_size=3, unique_by=lambda user: user["id"])),
        "milestone": draw(st.none() | milestones()), "locked": False, "comments": 0,
        "created_at": draw(_moments), "updated_at": draw(_moments), "closed_at": draw(st.none() | _moments),
        "parent_issue_url": None, "_blocked_by": [{"id": one} for one in blockers],
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
        "issue_dependencies_summary": {"blocked_by": 0, "blocking": 0, "total_blocked_by": len(blockers),
                                       "total_blocking": 0},
    }  # fmt: skip
    if draw(st.booleans()):
        payload |= {"parent_issue_url": f"{address}/issues/99", "_parent": {"id": draw(_ids)}}
    if draw(st.booleans()):
        moved = {
            "option": draw(st.none() | st.sampled_from([*OPTIONS, "TODO"])),
            "moved_at": draw(st.none() | _moments),
        }
        payload[CARD] = draw(st.sampled_from([None, moved]))
    older = st.sets(st.sampled_from(["sub_issues_summary", "issue_dependencies_summary", "state_reason"]))
    for key in draw(older):
        del payload[key]  # older servers leave these out
    return payload


_OPEN = [status for status in Status if status in OPEN_STATUSES]
settings = st.builds(
    GitHubSettings,
    token=st.just("env:GITHUB_TOKEN"),
    repositories=st.just(("team/web",)),
    status_labels=st.dictionaries(st.sampled_from(STATUS_LABELS), st.sampled_from(_OPEN)),
    priority_labels=st.dictionaries(
        st.sampled_from(PRIORITY_LABELS), st.sampled_from([word for word in Priority if word is not Priority.NONE])
    ),
)
with_project = st.builds(
    GitHubSettings,
    token=st.just("env:GITHUB_TOKEN"),
    repositories=st.just(("team/web",)),
    project=st.builds(
        ProjectSettings,
        owner=st.just("team"),
        number=st.just(1),
        status=st.dictionaries(st.sampled_from(OPTIONS), st.sampled_from(list(Status)), min_size=1),
    ),
)

FIELD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(st.characters(exclude_categories=("Cs",)), max_size=300),
    "description": st.none() | markdown,
    "status": st.sampled_from([status.value for status in Status]),
    "priority": st.sampled_from([word.value for word in Priority]),
    "labels": st.lists(label_names, max_size=5, unique=True).map(sorted),
    "assignees": st.lists(_ids.map(str) | st.text(max_size=5), max_size=12, unique=True).map(sorted),
    "project": st.none() | titles,
    "milestone": st.none() | titles,
    "parent_id": st.none() | _ids.map(str) | st.text(max_size=5),
    "blocked_by": st.lists(_ids.map(str) | st.text(max_size=5), max_size=3, unique=True).map(sorted),
}
"""Values of canonical fields, also such as GitHub cannot show."""

all_fields = st.fixed_dictionaries({}, optional=FIELD_VALUES)
