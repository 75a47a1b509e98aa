"""Quick actions: lines such as `/close` in a text, found as GitLab finds them and carried out on a draft."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from worklake.sandbox.gitlab.durations import parse_duration
from worklake.sandbox.gitlab.entities import DEVELOPER, Issue, MergeRequest, Noteable, Project, User
from worklake.sandbox.gitlab.labels import with_scopes
from worklake.sandbox.gitlab.store import Store, is_number

_COMMAND = re.compile(r"^/([A-Za-z_]+)(?:[ \t]+(.*?))?[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LABEL = re.compile(r'~?"([^"]+)"|~?([^\s,"]+)')
_REFERENCE = re.compile(r"([\w./-]*)#(\d+)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(slots=True)
class Outcome:
    """What carrying out a text's commands left: the text without them, and what concerns other records."""

    text: str
    commands: list[str] = field(default_factory=list)
    related: list[tuple[str, int]] = field(default_factory=list)
    move_to: Project | None = None
    clone_to: Project | None = None


@dataclass(slots=True)
class _Scene:
    store: Store
    project: Project
    actor: User
    today: date
    draft: Noteable
    outcome: Outcome


def perform(text: str, draft: Noteable, *, store: Store, project: Project, actor: User, today: date) -> Outcome:
    """Carry out every command of a text on `draft`; unknown commands stay text, useless ones only vanish."""
    kept, commands = split_commands(text)
    outcome = Outcome(kept)
    scene = _Scene(store, project, actor, today, draft, outcome)
    for name, argument in commands:
        outcome.commands.append(name)
        if actor.role >= DEVELOPER or (actor.id == draft.author_id and name in _FOR_AUTHORS):
            COMMANDS[name](scene, argument)
    return outcome


def split_commands(text: str) -> tuple[str, list[tuple[str, str]]]:
    """A text without its command lines, and these as names and arguments; without white space at its end either.

    Commands in fenced code, in `>>>` quotes or HTML blocks, behind a backslash or anything else are text.
    """
    kept: list[str] = []
    commands: list[tuple[str, str]] = []
    closing: re.Pattern[str] | None = None
    for line in text.split("\n"):
        bare = line.rstrip("\r")
        if closing is not None:
            if closing.match(bare):
                closing = None
        elif opened := _opened_block(bare):
            closing = opened
        elif (found := _COMMAND.match(bare)) and found[1].lower() in COMMANDS:
            commands.append((found[1].lower(), found[2] or ""))
            continue
        elif found and found[1].lower() in _SUBSTITUTIONS:
            kept.append(f"{found[2] or ''} {_SUBSTITUTIONS[found[1].lower()]}".strip())
            continue
        kept.append(line)
    text = "\n".join(kept).replace("\r", "").rstrip()
    return (text.lstrip("\n"), commands) if commands else (text, [])


def _opened_block(line: str) -> re.Pattern[str] | None:
    """What closes the block that this line opens."""
    if fence := _FENCE.match(line):
        return re.compile(rf"^ {{0,3}}{re.escape(fence[1])}{re.escape(fence[1][0])}*\s*$")
    if line.strip() == ">>>":
        return re.compile(r"^>>>\s*$")
    if html := re.match(r"^<([a-z][a-z0-9]*)[^>]*>\s*$", line):
        return re.compile(rf"^</{html[1]}>\s*$")
    return None


def _close(scene: _Scene, _: str) -> None:
    if scene.draft.state == "opened":
        scene.draft.state = "closed"


def _reopen(scene: _Scene, _: str) -> None:
    if scene.draft.state == "closed":
        scene.draft.state = "opened"


def _title(scene: _Scene, argument: str) -> None:
    if argument:
        scene.draft.title = argument[:255]


def _labels_in(scene: _Scene, argument: str) -> list[str]:
    if scene.store.label_named(scene.project.id, argument):
        return [argument]
    by_lower = {label.name.lower(): label.name for label in scene.store.labels_for(scene.project.id)}
    names = (quoted or plain for quoted, plain in _LABEL.findall(argument))
    return [by_lower[name.lower()] for name in names if name.lower() in by_lower]


def _label(scene: _Scene, argument: str) -> None:
    scene.draft.labels = with_scopes([*scene.draft.labels, *_labels_in(scene, argument)])


def _unlabel(scene: _Scene, argument: str) -> None:
    gone = _labels_in(scene, argument) if argument else scene.draft.labels
    scene.draft.labels = [name for name in scene.draft.labels if name not in gone]


def _relabel(scene: _Scene, argument: str) -> None:
    if names := _labels_in(scene, argument):
        scene.draft.labels = with_scopes(names)


def _people_in(scene: _Scene, argument: str) -> list[int]:
    if argument.strip().lower() in ("me", "@me"):
        return [scene.actor.id]
    users = (scene.store.user_named(name.rstrip(".,;:")) for name in re.findall(r"@([\w.-]+)", argument))
    return [user.id for user in users if user]


def _assign(scene: _Scene, argument: str) -> None:
    scene.draft.assignee_ids = list(dict.fromkeys([*scene.draft.assignee_ids, *_people_in(scene, argument)]))


def _unassign(scene: _Scene, argument: str) -> None:
    gone = _people_in(scene, argument) if argument else scene.draft.assignee_ids
    scene.draft.assignee_ids = [one for one in scene.draft.assignee_ids if one not in gone]


def _reassign(scene: _Scene, argument: str) -> None:
    if people := _people_in(scene, argument):
        scene.draft.assignee_ids = people


def _assign_reviewer(scene: _Scene, argument: str) -> None:
    if isinstance(scene.draft, MergeRequest):
        chosen = [*scene.draft.reviewer_ids, *_people_in(scene, argument)]
        scene.draft.reviewer_ids = list(dict.fromkeys(chosen))


def _unassign_reviewer(scene: _Scene, argument: str) -> None:
    if isinstance(scene.draft, MergeRequest):
        gone = _people_in(scene, argument) if argument else scene.draft.reviewer_ids
        scene.draft.reviewer_ids = [one for one in scene.draft.reviewer_ids if one not in gone]


def _milestone(scene: _Scene, argument: str) -> None:
    wanted = argument.strip().removeprefix("%").strip().strip('"')
    usable = [*scene.store.milestones_for(scene.project.id), *scene.store.milestones_for(None)]
    found = [one for one in usable if one.title == wanted or str(one.iid) == wanted]
    if found:
        scene.draft.milestone_id = found[0].id


def _remove_milestone(scene: _Scene, _: str) -> None:
    scene.draft.milestone_id = None


def _due(scene: _Scene, argument: str) -> None:
    day = read_day(argument, scene.today)
    if isinstance(scene.draft, Issue) and day:
        scene.draft.due_date = day


def _remove_due_date(scene: _Scene, _: str) -> None:
    if isinstance(scene.draft, Issue):
        scene.draft.due_date = None


def _estimate(scene: _Scene, argument: str) -> None:
    seconds = parse_duration(argument)
    if seconds is not None and seconds >= 0:
        scene.draft.time_estimate = seconds


def _remove_estimate(scene: _Scene, _: str) -> None:
    scene.draft.time_estimate = 0


def _spend(scene: _Scene, argument: str) -> None:
    seconds = parse_duration(_DAY.sub("", argument))
    if seconds is not None and scene.draft.time_spent + seconds >= 0:
        scene.draft.time_spent += seconds


def _remove_time_spent(scene: _Scene, _: str) -> None:
    scene.draft.time_spent = 0


def _confidential(scene: _Scene, _: str) -> None:
    if isinstance(scene.draft, Issue):
        scene.draft.confidential = True


def _lock(scene: _Scene, _: str) -> None:
    scene.draft.discussion_locked = True


def _unlock(scene: _Scene, _: str) -> None:
    scene.draft.discussion_locked = False


def _weight(scene: _Scene, argument: str) -> None:
    if isinstance(scene.draft, Issue) and is_number(argument.strip()):
        scene.draft.weight = int(argument)


def _clear_weight(scene: _Scene, _: str) -> None:
    if isinstance(scene.draft, Issue):
        scene.draft.weight = None


def _draft(scene: _Scene, _: str) -> None:
    if isinstance(scene.draft, MergeRequest) and not scene.draft.title.startswith("Draft: "):
        scene.draft.title = f"Draft: {scene.draft.title}"


def _ready(scene: _Scene, _: str) -> None:
    if isinstance(scene.draft, MergeRequest):
        scene.draft.title = scene.draft.title.removeprefix("Draft: ")


def _merge(scene: _Scene, _: str) -> None:
    if isinstance(scene.draft, MergeRequest) and scene.draft.state == "opened":
        scene.draft.state = "merged"


def _relating(link_type: str) -> Callable[[_Scene, str], None]:
    def relate(scene: _Scene, argument: str) -> None:
        for path, iid in _REFERENCE.findall(argument):
            project = scene.store.project_at(path) if path else scene.project
            other = project.issues.get(int(iid)) if project else None
            if other and isinstance(scene.draft, Issue) and other.id != scene.draft.id:
                scene.outcome.related.append((link_type, other.id))
                if link_type == "duplicate":
                    scene.draft.state = "closed"

    return relate


def _move(scene: _Scene, argument: str) -> None:
    target = scene.store.project_at(argument.strip())
    if isinstance(scene.draft, Issue) and target and target.id != scene.project.id:
        scene.outcome.move_to = target


def _clone(scene: _Scene, argument: str) -> None:
    target = scene.store.project_at(argument.split()[0]) if argument.strip() else scene.project
    if isinstance(scene.draft, Issue) and target:
        scene.outcome.clone_to = target


def _nothing(_: _Scene, __: str) -> None:
    """A command whose effect no issue or merge request of the API shows."""


def read_day(text: str, today: date) -> date | None:
    """The day that `/due` means: ISO, `today`, `tomorrow`, `in 3 days`, `next week`, a weekday; None for no day."""
    text = text.strip().lower()
    if found := _DAY.search(text):
        try:
            return date.fromisoformat(found[0])
        except ValueError:
            return None
    if text in ("today", "tomorrow"):
        return today + timedelta(days=text == "tomorrow")
    if found := re.fullmatch(r"(?:in )?(\d{1,4}) (day|week|month)s?", text):
        return today + timedelta(days=int(found[1]) * {"day": 1, "week": 7, "month": 30}[found[2]])
    if text == "next week":
        return today + timedelta(days=7)
    weekday = text.removeprefix("next ").removeprefix("this ")
    if weekday in _WEEKDAYS:
        return today + timedelta(days=(_WEEKDAYS.index(weekday) - today.weekday() - 1) % 7 + 1)
    return None


_SUBSTITUTIONS = {"shrug": "¯\\_(ツ)_/¯", "tableflip": "(╯°□°)╯︵ ┻━┻"}
_FOR_AUTHORS = frozenset({"close", "reopen", "title", "done", "todo", "subscribe", "unsubscribe", "spend"})
COMMANDS: dict[str, Callable[[_Scene, str], None]] = {
    "close": _close, "reopen": _reopen, "title": _title, "label": _label, "labels": _label, "unlabel": _unlabel,
    "remove_label": _unlabel, "relabel": _relabel, "assign": _assign, "unassign": _unassign,
    "remove_assignee": _unassign, "reassign": _reassign, "assign_reviewer": _assign_reviewer,
    "reviewer": _assign_reviewer, "request_review": _assign_reviewer, "unassign_reviewer": _unassign_reviewer,
    "remove_reviewer": _unassign_reviewer, "milestone": _milestone, "remove_milestone": _remove_milestone, "due": _due,
    "in": _due, "due_date": _due, "remove_due_date": _remove_due_date, "estimate": _estimate,
    "estimate_time": _estimate, "remove_estimate": _remove_estimate, "remove_time_estimate": _remove_estimate,
    "spend": _spend, "spent": _spend, "spend_time": _spend, "remove_time_spent": _remove_time_spent,
    "confidential": _confidential, "lock": _lock, "unlock": _unlock, "weight": _weight, "clear_weight": _clear_weight,
    "draft": _draft, "ready": _ready, "merge": _merge, "relate": _relating("relates_to"),
    "blocks": _relating("blocks"), "blocked_by": _relating("is_blocked_by"), "duplicate": _relating("duplicate"),
    "move": _move, "clone": _clone,
    **dict.fromkeys(
        ("approve", "award", "board_move", "cc", "clear_health_status", "copy_metadata", "create_merge_request",
         "done", "epic", "health_status", "iteration", "page", "promote", "promote_to", "publish", "react", "rebase",
         "remove_contacts", "remove_email", "remove_epic", "remove_iteration", "remove_parent", "remove_zoom",
         "severity", "set_parent", "submit_review", "subscribe", "target_branch", "timeline", "todo", "type",
         "unapprove", "unlink", "unsubscribe", "zoom", "add_contacts", "add_email"),
        _nothing,
    ),
}  # fmt: skip
"""Every command that is taken out of a text, and what it does to the draft."""
