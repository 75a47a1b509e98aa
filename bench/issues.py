"""Made-up GitLab issues, each computed from its number alone, so that a million of them need no memory.

Everything is derived from the number with fixed strides: the same number gives the same issue in every run. Texts are
put together from a few hundred paragraphs, so that descriptions differ in length and no two are alike.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

PROJECT_ID = 7
PROJECT_PATH = "team/big"
FIRST_UPDATE_MS = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
STEP_MS = 20_000
"""Issue number n was last updated so many milliseconds after issue n - 1."""

_TEXT = (
    "the login page shows an old total when a customer changes address during checkout and then goes back to their "
    "basket with another browser tab open we should cache fewer queries retry failed exports log every import warn "
    "about missing invoices rename two columns before next release because reports depend on them user session token "
    "expires late upload stalls preview flickers search returns duplicates index grows quickly deploy takes minutes"
)
_WORDS = _TEXT.split()
_LABELS = ("bug", "feature", "docs", "frontend", "backend", "customer", "performance", "priority::1", "priority::2",
           "priority::3", "priority::4", "needs design", "security", "regression")  # fmt: skip
_FIRST_NAMES = ("Ada", "Ben", "Chloé", "Dmitri", "Emre", "Fatima", "Grace", "Hugo", "Ines", "Jürgen")
_LAST_NAMES = ("Almeida", "Brandt", "Costa", "Dubois", "Eriksen")
_PARAGRAPHS = 400
_OTHER_THEMES = 5_000_000
"""Issues so many numbers further are the ones whose titles and texts a second server's own issues have."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The first `count` issues are on the servers of all these addresses, with the same text, which names them all."""

    count: int = 0
    addresses: tuple[str, ...] = ()

    def named(self, number: int) -> str:
        """What the text of an issue says of it, ready for a JSON string."""
        if number > self.count:
            return ""
        return "\\n\\nIt is " + " and ".join(f"{one}/{PROJECT_PATH}/-/issues/{number}" for one in self.addresses)


class Issues:
    """Renders issues as they stand in GitLab's lists; `base_url` begins every address.

    Issues of a `second` server that are on no other have titles and texts of their own. Every `noted`th issue has a
    comment (0: none has).
    """

    def __init__(self, base_url: str, shared: Shared = Shared(), *, second: bool = False, noted: int = 0) -> None:
        self._shared = shared
        self._second = second
        self._noted = noted
        self._project_url = f"{base_url}/{PROJECT_PATH}"
        self._api_url = f"{base_url}/api/v4/projects/{PROJECT_ID}"
        self.people = [_person(base_url, number) for number in range(50)]
        self.milestones = [_milestone(self._project_url, number) for number in range(20)]
        self._people_json = [orjson.dumps(person).decode() for person in self.people]
        self._milestones_json = [orjson.dumps(milestone).decode() for milestone in self.milestones]
        self._paragraphs = _paragraphs(random.Random(20_240_101))
        self._labels = _label_sets()

    def page(self, entries: list[tuple[int, int, int]]) -> bytes:
        """A JSON list of issues, each given as its number, how often it was edited and its update in epoch ms."""
        return ("[" + ",".join([self._issue(*entry) for entry in entries]) + "]").encode()

    def _issue(self, number: int, edits: int, updated_ms: int) -> str:
        created = shown_time(FIRST_UPDATE_MS + number * STEP_MS - (number * 7919) % 7_776_000_000)
        updated = shown_time(updated_ms)
        closed = number % 5 < 2
        author = self._people_json[(number * 31) % 50]
        assignee = self._people_json[(number * 17) % 50] if number % 8 else "null"
        assignees = "" if assignee == "null" else assignee
        if number % 8 == 1:
            assignees += "," + self._people_json[(number * 17 + 1) % 50]
        milestone = self._milestones_json[(number * 13) % 20] if number % 5 < 2 else "null"
        due = f'"{updated[:8]}{1 + number % 28:02d}"' if number % 4 == 0 else "null"
        estimate = 1800 * (number % 9) if number % 6 == 0 else 0
        edited = f", edit {edits}" if edits else ""
        theme = number + _OTHER_THEMES if self._second and number > self._shared.count else number
        also = self._shared.named(number)
        notes = 1 if self._is_noted(number) else 0
        issue_api = f"{self._api_url}/issues/{number}"
        return (
            f'{{"id":{100_000 + number},"iid":{number},"project_id":{PROJECT_ID},'
            f'"title":"{self._title(theme)}{edited}","description":"{self._description(theme)}{also}",'
            f'"state":"{"closed" if closed else "opened"}","created_at":"{created}","updated_at":"{updated}",'
            f'"closed_at":{_quoted(updated) if closed else "null"},"closed_by":{author if closed else "null"},'
            f'"labels":{self._labels[number * 37 % len(self._labels)]},"milestone":{milestone},'
            f'"assignees":[{assignees}],"author":{author},"type":"ISSUE","assignee":{assignee},'
            f'"user_notes_count":{notes},"merge_requests_count":{number % 3},"upvotes":{number % 4},"downvotes":0,'
            f'"start_date":null,"due_date":{due},"confidential":{"true" if number % 50 == 0 else "false"},'
            f'"discussion_locked":null,"issue_type":"issue","web_url":"{self._project_url}/-/issues/{number}",'
            f'"time_stats":{{"time_estimate":{estimate},"total_time_spent":0,"human_time_estimate":'
            f'{_quoted(f"{estimate // 60}m") if estimate else "null"},"human_total_time_spent":null}},'
            f'"task_completion_status":{{"count":0,"completed_count":0}},"weight":null,"blocking_issues_count":0,'
            f'"has_tasks":true,"task_status":"0 of 0 checklist items completed",'
            f'"_links":{{"self":"{issue_api}","notes":"{issue_api}/notes","award_emoji":"{issue_api}/award_emoji",'
            f'"project":"{self._api_url}","closed_as_duplicate_of":null}},'
            f'"references":{{"short":"#{number}","relative":"#{number}","full":"{PROJECT_PATH}#{number}"}},'
            f'"severity":"UNKNOWN","moved_to_id":null,"imported":false,"imported_from":"none",'
            f'"service_desk_reply_to":null,"epic_iid":null,"epic":null,"iteration":null,"health_status":null}}'
        )

    def notes(self, number: int) -> list[dict[str, Any]]:
        """The comments on an issue."""
        if not self._is_noted(number):
            return []
        at = shown_time(FIRST_UPDATE_MS + number * STEP_MS)
        body = self._paragraphs[number * 7 % _PARAGRAPHS].replace("\\n", "\n")
        said = {"id": 5_000_000 + number, "body": body, "author": self.people[number % 50], "system": False}
        of = {"noteable_type": "Issue", "noteable_id": 100_000 + number, "noteable_iid": number}
        return [said | of | {"created_at": at, "updated_at": at, "internal": False}]

    def labels(self) -> list[dict[str, Any]]:
        """The labels of the project."""
        return [{"id": 300 + place, "name": name, "color": "#336699"} for place, name in enumerate(_LABELS)]

    def _is_noted(self, number: int) -> bool:
        return bool(self._noted) and number % self._noted == 0

    def _title(self, number: int) -> str:
        words = (_WORDS[number * stride % len(_WORDS)] for stride in (3, 7, 11, 13))
        return f"{' '.join(words)} ({number})"

    def _description(self, number: int) -> str:
        texts = self._paragraphs
        count = 1 + number * 41 % 5
        chosen = (texts[number * stride % _PARAGRAPHS] for stride in (1, 7, 61, 199, 311)[:count])
        return f"Seen in build {number}.\\n\\n" + "\\n\\n".join(chosen)


def shown_time(epoch_ms: int) -> str:
    """A moment as GitLab shows it: UTC to the millisecond."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(text: str) -> str:
    return f'"{text}"'


def _person(base_url: str, number: int) -> dict[str, Any]:
    first, last = _FIRST_NAMES[number % 10], _LAST_NAMES[number // 10]
    username = f"{first}.{last}".lower()
    return {
        "id": 500 + number, "username": username, "public_email": f"{username}@team.example", "name": f"{first} {last}",
        "state": "active", "locked": False, "avatar_url": None, "web_url": f"{base_url}/{username}",
    }  # fmt: skip


def _milestone(project_url: str, number: int) -> dict[str, Any]:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=14 * number)
    made = shown_time(FIRST_UPDATE_MS + number)
    return {
        "id": 900 + number, "iid": number + 1, "project_id": PROJECT_ID, "title": f"Sprint {number + 1}",
        "description": f"What we want done in sprint {number + 1}.", "state": "active", "created_at": made,
        "updated_at": made, "due_date": f"{start + timedelta(days=13):%Y-%m-%d}", "start_date": f"{start:%Y-%m-%d}",
        "expired": False, "web_url": f"{project_url}/-/milestones/{number + 1}",
    }  # fmt: skip


def _paragraphs(chance: random.Random) -> list[str]:
    """Ready for a JSON string: no quote, no backslash but those of line ends."""
    return [" ".join(chance.choices(_WORDS, k=chance.randint(4, 30))).capitalize() + "." for _ in range(_PARAGRAPHS)]


def _label_sets() -> list[str]:
    sets = [sorted({_LABELS[n % 14], _LABELS[n * 5 % 14], _LABELS[n * 3 % 14]})[: n % 4] for n in range(97)]
    return [orjson.dumps(names).decode() for names in sets]
