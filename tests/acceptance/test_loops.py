"""After one sync, ten more have nothing to write: whatever people type, in whichever tool, whichever others have it.

What a tool makes of a text (cut, trimmed, written in another way) stays there: it is never taken for an edit, what was
typed stays as it was typed, and no line of it is carried out as a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
import requests

from tests.support.tools import Tools, make_projects, running_tools, steps, writes
from worklake.model.heart_rows import Outcome

pytest.importorskip("pysail", reason="the embedded engine is not installed")

DESCRIPTIONS = {
    "table": "| a | b |\n|---|---|\n| 1 | 2 |\n\nafter",
    "images": "![shot](/uploads/abc/shot.png){width=60%}\n![x](https://uploads.linear.app/x/y)",
    "mentions": 'cc @kim @all, team/web#1 !3 %"v1" ~bug &4 [a](mention:x)',
    "quick actions": "Steps\n\n/close\n/label ~bug\n/assign me\n/due tomorrow\n/title Gone\n\nend",
    "quick action alone": "/close",
    "quick actions set in": "   /close\n\t/close\n> /close\n- /close\n    /close",
    "quick action in code": "```\n/close\n```\n\n~~~sh\n/close\n~~~\n",
    "quick action in open code": "```\n/close\nno end",
    "quick action in HTML": "<details>\n<summary>x</summary>\n\n/close\n</details>",
    "quick action in a quote": ">>>\n/close\n>>>",
    "escaped quick actions": "\\/close\n\\\\/close\n\\\\\\/close",
    "quick action between line ends": "a\r\n/close\r\nb\r\n",
    "quick action behind odd line ends": "a\u2028/close\u2028b\u0085/close\x0b/close\x0c/close",
    "front matter": "---\ntitle: x\n---\n/close\n",
    "task lists": "- [ ] one\n- [x] two\n  - [ ] three\n* [X] four\n1. [ ] five",
    "code": "```python\nprint('x')  \n\n\n```\n`a`  ``b`` ",
    "HTML": '<div align="center"><b>x</b></div>\n<!-- hidden -->\n<script>alert(1)</script>&amp;&lt;',
    "emoji": "👩‍👩‍👧 :smile: ❤️ 🇩🇪",
    "CRLF": "one\r\ntwo\r\n\r\nthree\r\n",
    "trailing white space": "one  \ntwo\t\n\n\n",
    "leading white space": "\n\n  lead",
    "white space alone": "   ",
    "zero width": "a\u200bb\ufeffc\u200d\u2060",
    "right to left": "שלום \u202eabc\u202c مرحبا",
    "60 kB": "x" * 60_000,
    "500 lines": "\n".join(f"line {number} with **bold** and _it_" for number in range(500)),
    "somebody else's marker": "<!-- worklake:task_0123456789abcdef -->\n\nafter",
    "other Markdown": "* a\n* b\n+ c\n__bold__ *it*\n***\n===\nSetext\n======",
    "escapes": "\\* \\_ \\` 1\\. a_b_c a*b*c",
    "links": "https://example.com/a_b_c <https://example.com> www.example.com",
    "combining letters": "e\u0301 a\u0308 a\u00a0b\u3000",
}
TITLES = {
    "white space at its ends": "  edge  ",
    "255 characters": "T" * 255,
    "emoji": "🚀 go 👩‍👩‍👧",
    "255 emoji": "🚀" * 255,
    "a slash": "/close this",
    "a hash": "#1 thing",
    "Markdown": "**bold** `x` [a](b) <b>",
    "a tab": "a\tb",
    "two lines": "a\r\nb",
    "no-break space": "\u00a0nb\u00a0",
    "zero width": "\u200bzw\u200b",
    "right to left": "\u202eabc",
    "control characters": "a\x0bb\x1fc\u2028d",
}
LONG_TITLES = {"300 characters": "U" * 300, "a cut before white space": "V" * 254 + " W"}
LABELS = {
    "a comma": ["a,b"],
    "a colon": ["a:b"],
    "a scope": ["area::x"],
    "two of a scope": ["size::x", "size::y"],
    "other case": ["BUG"],
    "white space": ["two words "],
    "emoji": ["🚀"],
    "a slash": ["a/b"],
    "a priority's label": ["priority::high"],
    "a status's label": ["status::doing"],
    "120 characters": ["L" * 120],
    "a word of the API": ["none"],
    "marks": ['~x "y" & z?'],
}
DAYS = {"far away": "9999-12-31", "long ago": "1000-01-01", "a leap day": "2028-02-29"}
POINTS = {"zero": 0, "odd": 7, "large": 1000}
FIXED = ("due_date", "estimate_points")
"""Fields in which any two tools must show the same, whatever else is typed."""
COARSE = ("status", "priority")
"""Fields in which one of two tools shows what it can of what the other does."""

TEAMS = [["gitlab", "linear", "github", "notion", "motion"], ["gitlab", "gitlab"], ["linear", "linear"]]
"""Tools that hold the same work: all of them at once, which makes every pair of two; and two of one kind."""
WORDS = {"texts": ("description",), "other fields": ("title", "labels", "status", "priority", "due_date",
         "estimate_points", "estimate_minutes", "confidential")}  # fmt: skip
"""The fields of which people type at a time."""

NAMED = {"github": {"description": "body"}, "motion": {"title": "name"}}
"""What a kind of tool calls a field, where that is not its own name."""
DAY = {"gitlab": "due_date", "linear": "dueDate", "motion": "dueDate", "notion": "due_date"}
POINTS_OF = {"gitlab": "weight", "linear": "estimate", "notion": "estimate_points"}
STATUSES = {
    "github": [{"state": "open"}, {"state": "closed"}, {"state": "closed", "state_reason": "not_planned"}],
    "linear": [
        {"state": name} for name in ("Triage", "Backlog", "Todo", "In Progress", "In Review", "Done", "Canceled")
    ],
    "motion": [{"status": name} for name in ("Todo", "In Progress", "Completed", "Canceled", "Backlog", "Not Started")],
    "notion": [
        {"status": name}
        for name in ("Triage", "Backlog", "Not started", "In progress", "In review", "Done", "Canceled")
    ],
}
PRIORITIES: dict[str, tuple[Any, ...]] = {
    "linear": tuple(range(5)),
    "motion": ("ASAP", "HIGH", "MEDIUM", "LOW"),
    "notion": ("Urgent", "High", "Medium", "Low", None),
}
MINUTES = {"motion": (1, 90, "REMINDER")}
LONGEST_LABEL = {"github": 50}
LONGEST_TEXT = {"github": 65_000}

ANEW = {
    "linear": {"front matter", "other Markdown"},
    "motion": {"HTML", "task lists"},
    "notion": {"front matter", "other Markdown", "task lists"},
}
"""Descriptions that a tool writes in other letters: underlining, entities as what they stand for, boxes in small."""

Case = tuple[str, str]


def cases(kind: str) -> Iterator[tuple[Case, dict[str, Any]]]:
    """What people type, in the words of a kind of tool."""
    titles = TITLES | (LONG_TITLES if kind in ("linear", "motion", "notion") else {})
    labels = {name: names for name, names in LABELS.items() if len(names[0]) <= LONGEST_LABEL.get(kind, 1000)}
    for field, values in (("description", DESCRIPTIONS), ("title", titles), ("labels", labels)):
        yield from (((field, name), {called(kind, field): value}) for name, value in values.items())
    for name, value in DAYS.items() if kind in DAY else ():
        yield ("due_date", name), {DAY[kind]: value + ("T12:00:00.000Z" if kind == "motion" else "")}
    yield from ((("estimate_points", name), {POINTS_OF[kind]: n}) for name, n in POINTS.items() if kind in POINTS_OF)
    yield from ((("status", " ".join(one.values())), one) for one in STATUSES.get(kind, ()))
    yield from ((("priority", str(one)), {"priority": one}) for one in PRIORITIES.get(kind, ()))
    yield from ((("estimate_minutes", str(one)), {"duration": one}) for one in MINUTES.get(kind, ()))
    if kind == "gitlab":
        yield ("confidential", "yes"), {"confidential": True}


def called(kind: str, field: str) -> str:
    """What a kind of tool calls a field."""
    return NAMED.get(kind, {}).get(field, field)


def typed(tools: Tools, source: str, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as the tool's own page sends them: labels are made where they do not exist."""
    if "labels" not in fields or kind in ("github", "motion"):
        return fields
    if kind == "gitlab":
        return {"labels": ",".join(fields["labels"])}
    if kind == "notion":  # a comma ends a name there, and so does its 100th letter
        return {"labels": [name[:100] for one in fields["labels"] for name in one.split(",")]}
    return {"labelIds": [_label_id(tools, source, name) for name in fields["labels"]]}


def _label_id(tools: Tools, source: str, name: str) -> str:
    served = tools.served[source]

    def ask(query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        answer = requests.post(f"{served.base_url}/graphql", json=body, headers={"Authorization": served.token})
        return answer.json()["data"]

    there = ask(
        "query($name: String!) { issueLabels(filter: {name: {eqIgnoreCase: $name}}) { nodes { id } } }",
        name=name.strip(),
    )
    for node in there["issueLabels"]["nodes"]:
        return str(node["id"])
    made = ask(
        "mutation($input: IssueLabelCreateInput!) { issueLabelCreate(input: $input) { issueLabel { id } } }",
        input={"name": name},
    )
    return str(made["issueLabelCreate"]["issueLabel"]["id"])


def assert_quiet(tools: Tools, syncs: int) -> None:
    """So many more syncs have nothing to write."""
    for number in range(syncs):
        result = tools.sync()
        assert [(step.source, step.expected, step.fields) for step in steps(result)] == [], f"sync {number + 2}"
        assert all(one.error is None and one.quarantined == 0 for one in result.pulled.counts.values())


def sync_at_once(tools: Tools) -> None:
    """A sync in which everything is written."""
    for write in writes(tools.sync()):
        assert (write.outcome, write.error) == (Outcome.ACKNOWLEDGED, None), write.sent


class Typed(NamedTuple):
    """What a person typed in a tool. `before` is what was typed when the task was born, if this is an edit."""

    origin: str
    case: Case
    external_id: str
    before: Case | None = None


Shown = Mapping[str, Mapping[str, dict[str, Any]]]
"""What items show, by source and external id."""


def shown_everywhere(tools: Tools, all_typed: Sequence[Typed]) -> tuple[Shown, Mapping[Typed, dict[str, str]]]:
    """What all items of these tasks show, and the items of each task by source."""
    twins = {source: tools.twins(source) for source in tools.served}
    items = {one: {one.origin: one.external_id, **twins[one.origin][one.external_id]} for one in all_typed}
    return {source: tools.shown_all(source, [ids[source] for ids in items.values()]) for source in tools.served}, items


def assert_as_typed(tools: Tools, before: Mapping[Typed, dict[str, Any]]) -> None:
    """What was typed stands as it was typed, and every other tool shows it, with nothing carried out."""
    shown, items = shown_everywhere(tools, list(before))
    kinds = {source: one.provider.name for source, one in tools.served.items()}
    lenses = {source: tools.lens(source) for source in tools.served}
    for typed_there, fields in before.items():
        origin, case = typed_there.origin, typed_there.case
        here = shown[origin][typed_there.external_id]
        assert here == fields, (kinds[origin], typed_there)
        for other, key in items[typed_there].items():
            there, where = shown[other][key], (kinds[origin], kinds[other], typed_there)
            for name in FIXED:
                assert name not in here or name not in there or here[name] == there[name], (where, name)
            for name in COARSE:
                both = ((lenses[other], here, there), (lenses[origin], there, here))
                assert any(lens.project({name: one[name]}, two)[name] == two[name] for lens, one, two in both), where
            anew = {name for source in (origin, other) for name in ANEW.get(kinds[source], ())}
            if not anew & {one[1] for one in (case, typed_there.before) if one and one[0] == "description"}:
                whole, part = _letters(here["description"]), _letters(there["description"])
                assert whole.startswith(part), where
                assert part == whole or len(here["description"]) > LONGEST_TEXT.get(kinds[other], 10**6), where


def _letters(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", text or "")


def type_everywhere(tools: Tools, words: Sequence[str]) -> dict[Typed, dict[str, Any]]:
    """In every tool a new task for each thing that people type; what its item then shows."""
    made = []
    for origin, one in tools.served.items():
        kind = one.provider.name
        for case, fields in cases(kind):
            if case[0] in words:
                named = {called(kind, "title"): " ".join(case)}
                made.append(Typed(origin, case, tools.create(origin, **named | typed(tools, origin, kind, fields))))
    return as_shown(tools, made)


def edit_everywhere(tools: Tools, born: Sequence[Typed], words: Sequence[str]) -> dict[Typed, dict[str, Any]]:
    """In every tool, each thing that people type, in a task that was born in another; what its item then shows."""
    names, edited = list(tools.served), []
    twins = {source: tools.twins(source) for source in names}
    for place, origin in enumerate(names):
        kind, birthplace = tools.served[origin].provider.name, names[place - 1]
        tasks = [one for one in born if one.origin == birthplace]
        typed_here = [(case, fields) for case, fields in cases(kind) if case[0] in words]
        # In tasks that were born with something else: what a tool cannot show beside that, it shows once it can.
        middle = len(typed_here) // 2
        for one, (case, fields) in zip(tasks, typed_here[middle:] + typed_here[:middle], strict=False):
            key = twins[birthplace][one.external_id][origin]
            tools.edit(origin, key, **typed(tools, origin, kind, fields))
            edited.append(Typed(origin, case, key, one.case))
    return as_shown(tools, edited)


def as_shown(tools: Tools, all_typed: Sequence[Typed]) -> dict[Typed, dict[str, Any]]:
    """What was typed, with all that its item shows."""
    found = {}
    for source in tools.served:
        mine = [one for one in all_typed if one.origin == source]
        shown = tools.shown_all(source, [one.external_id for one in mine])
        found.update({one: shown[one.external_id] for one in mine})
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("kinds", TEAMS, ids="-".join)
def test_whatever_is_typed_is_written_once_and_never_comes_back(kinds: list[str], words: str, tmp_path) -> None:
    with running_tools(tmp_path, kinds, tasks=2) as tools:
        make_projects(tools)
        sync_at_once(tools)
        before = type_everywhere(tools, WORDS[words])
        tools.refuse_proposals()  # people type the same title in several tools
        sync_at_once(tools)
        assert_quiet(tools, 2)
        assert_as_typed(tools, before)
        edited = edit_everywhere(tools, list(before), WORDS[words])
        sync_at_once(tools)
        assert_quiet(tools, 1)
        assert_as_typed(tools, edited)
        assert_quiet(tools, 10)
        assert tools.rows("select * from {conflicts} where is_open") == []
