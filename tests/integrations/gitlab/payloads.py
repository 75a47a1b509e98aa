"""Issues as GitLab sends them, made by Hypothesis: with every field, and with the oddities that occur."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.model.fields import Priority, Status

STATUS_LABELS = ["status::todo", "status::doing", "status::done", "status::canceled", "Backlog", "triage me"]
PRIORITY_LABELS = ["priority::1", "priority::2", "priority::3", "P4"]
OTHER_LABELS = ["bug", "customer request", "team::platform", "team::web", "übersetzung", "status::unknown"]
LABELS = [*STATUS_LABELS, *PRIORITY_LABELS, *OTHER_LABELS]

_READABLE = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
_PIECES = st.sampled_from(
    ["/close", "\\/close", "\n/label ~bug\n", "```\n", "~~~\n", "\r\n", "\r", "  /assign @kim", "    /due 1",
     "https://linear.app/acme/issue/ENG-12", "<!-- worklake:task_0123456789abcdef -->", "- [ ] one\n", "`/x`", "\n"]
)  # fmt: skip
markdown = st.lists(st.one_of(_PIECES, st.text(_READABLE, max_size=20)), max_size=8).map("".join)
titles = st.text(_READABLE, min_size=1, max_size=255).filter(str.strip)
label_names = st.one_of(st.sampled_from(LABELS), st.text(_READABLE, max_size=12))
_moments = st.sampled_from(["1999-12-31T23:59:59.999Z", "2026-03-18T09:30:00.000Z", "2026-03-18T11:30:00.000+02:00"])
_days = st.sampled_from(["1999-12-31", "2024-02-29", "2026-03-18"])
_ids = st.sampled_from([1, 7, 12, 4096, 2**31 - 1])


@st.composite
def users(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(_ids)
    return {
        "id": number, "username": f"user{number}", "public_email": draw(st.sampled_from([None, "", "kim@x.example"])),
        "name": draw(st.text(_READABLE, max_size=12)), "state": draw(st.sampled_from(["active", "blocked"])),
        "locked": False, "avatar_url": None, "web_url": f"https://gitlab.com/user{number}",
    }  # fmt: skip


@st.composite
def milestones(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(_ids)
    owner = draw(st.sampled_from(["project_id", "group_id"]))
    return {
        "id": number, "iid": 1, owner: 7, "title": draw(titles), "description": draw(st.none() | markdown),
        "state": draw(st.sampled_from(["active", "closed"])), "created_at": draw(_moments),
        "updated_at": draw(_moments), "due_date": draw(st.none() | _days), "start_date": draw(st.none() | _days),
        "expired": False, "web_url": "https://gitlab.com/team/web/-/milestones/1",
    }  # fmt: skip


@st.composite
def issues(draw: st.DrawFn) -> dict[str, Any]:
    number, iid = draw(_ids), draw(_ids)
    assignees = draw(st.lists(users(), max_size=3, unique_by=lambda user: user["id"]))
    estimate = draw(st.sampled_from([0, 0, 30, 60, 5400, 2**31 - 1]) | st.integers(0, 10**6))
    payload: dict[str, Any] = {
        "id": number, "iid": iid, "project_id": draw(_ids), "title": draw(titles),
        "description": draw(st.none() | markdown), "state": draw(st.sampled_from(["opened", "closed"])),
        "created_at": draw(_moments), "updated_at": draw(_moments), "closed_at": draw(st.none() | _moments),
        "closed_by": draw(st.none() | users()), "labels": draw(st.lists(st.sampled_from(LABELS), unique=True)),
        "milestone": draw(st.none() | milestones()), "assignees": assignees,
        "assignee": assignees[0] if assignees else None, "author": draw(st.none() | users()), "type": "ISSUE",
        "user_notes_count": 0, "merge_requests_count": 0, "upvotes": 0, "downvotes": 0,
        "start_date": draw(st.none() | _days), "due_date": draw(st.none() | _days),
        "confidential": draw(st.booleans()), "discussion_locked": draw(st.none() | st.booleans()),
        "issue_type": draw(st.sampled_from(["issue", "incident", "task"])),
        "web_url": f"https://gitlab.com/team/web/-/issues/{iid}",
        "time_stats": {"time_estimate": estimate, "total_time_spent": 0, "human_time_estimate": None,
                       "human_total_time_spent": None},
        "task_completion_status": {"count": 0, "completed_count": 0},
        "weight": draw(st.none() | st.integers(0, 100)), "blocking_issues_count": 0, "has_tasks": False,
        "_links": {"self": "…", "closed_as_duplicate_of": draw(st.none() | st.just("https://gitlab.com/x"))},
        "references": {"short": f"#{iid}", "relative": f"#{iid}", "full": f"team/web#{iid}"},
        "moved_to_id": draw(st.none() | _ids), "imported": False, "severity": "UNKNOWN", "epic": None,
        "iteration": draw(st.none() | st.fixed_dictionaries({
            "id": _ids, "title": st.none() | titles, "start_date": _days, "due_date": _days})),
        "health_status": None,
    }  # fmt: skip
    for key in draw(
        st.sets(st.sampled_from(["weight", "iteration", "start_date", "time_stats", "_links", "moved_to_id"]))
    ):
        del payload[key]  # the free tier and older servers leave these out
    return payload


settings = st.builds(
    GitLabSettings,
    token=st.just("env:GITLAB_TOKEN"),
    projects=st.just(("team/web",)),
    status_labels=st.dictionaries(st.sampled_from(STATUS_LABELS), st.sampled_from(list(Status))),
    priority_labels=st.dictionaries(
        st.sampled_from(PRIORITY_LABELS), st.sampled_from([word for word in Priority if word is not Priority.NONE])
    ),
)

FIELD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(st.characters(exclude_categories=("Cs",)), max_size=300),
    "description": st.none() | markdown,
    "status": st.sampled_from([status.value for status in Status]),
    "priority": st.sampled_from([word.value for word in Priority]),
    "labels": st.lists(label_names, max_size=5, unique=True).map(sorted),
    "assignees": st.lists(_ids.map(str) | st.text(max_size=5), max_size=3, unique=True).map(sorted),
    "due_date": st.none() | _days,
    "start_date": st.none() | _days,
    "estimate_minutes": st.none() | st.integers(-5, 2**40),
    "estimate_points": st.none() | st.floats(),
    "project": st.none() | titles,
    "milestone": st.none() | titles,
    "cycle": st.none() | titles,
    "confidential": st.booleans(),
}
"""Values of canonical fields, also such as GitLab cannot show."""

all_fields = st.fixed_dictionaries({}, optional=FIELD_VALUES)
