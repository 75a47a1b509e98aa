"""Parameters of issue and merge request calls, written onto a draft."""

from __future__ import annotations

from worklake.sandbox.gitlab.entities import ISSUE_TYPES, OWNER, REPORTER, Issue, Label, Noteable, User
from worklake.sandbox.gitlab.errors import invalid_field, invalid_parameter, not_served
from worklake.sandbox.gitlab.labels import with_scopes
from worklake.sandbox.gitlab.params import Params
from worklake.sandbox.gitlab.store import Store

LONGEST_TITLE = 255
LONGEST_TEXT = 1_048_576
LARGEST_IID = 2**31 - 1
ISSUE_FIELDS = (
    "assignee_id", "assignee_ids", "confidential", "created_at", "description", "discussion_locked", "due_date",
    "labels", "add_labels", "remove_labels", "milestone_id", "state_event", "title", "issue_type", "weight", "epic_id",
    "epic_iid", "updated_at",
)  # fmt: skip


_UNSERVED_FIELDS = ("epic_id", "epic_iid", "merge_request_to_resolve_discussions_of", "discussion_to_resolve")


def refuse_unserved_issue_params(params: Params) -> None:
    """Refuse (501) what GitLab would write and the sandbox does not have; 0 and null, which take off, go through."""
    for name in _UNSERVED_FIELDS:
        if (params.text(name) or "0") != "0":
            raise not_served(f"the field {name} of issues")


def write_issue_params(draft: Issue, params: Params, store: Store, actor: User) -> None:
    """Write what was sent onto the draft. Raises 400 for invalid values; a low role's labels and such are ignored."""
    write_common_params(draft, params, store, actor)
    if (issue_type := params.text("issue_type", ISSUE_TYPES)) is not None:
        draft.issue_type = issue_type
    if (confidential := params.boolean("confidential")) is not None:
        draft.confidential = confidential
    if actor.role < REPORTER:
        return
    if "due_date" in params:
        draft.due_date = params.day("due_date")
    if "weight" in params:
        weight = params.integer("weight")
        if weight is not None and weight < 0:
            raise invalid_parameter("weight does not have a valid value")
        draft.weight = weight


def write_common_params(draft: Noteable, params: Params, store: Store, actor: User) -> None:
    """Write what issues and merge requests have in common."""
    if "title" in params:
        draft.title = checked_title(params.text("title"))
    if "description" in params:
        draft.description = checked_text("description", params.text("description"))
    event = params.text("state_event", ("close", "reopen"))
    if event == "close" and draft.state == "opened":
        draft.state = "closed"
    elif event == "reopen" and draft.state == "closed":
        draft.state = "opened"
    if actor.role < REPORTER:
        return
    _write_labels(draft, params, store)
    if "milestone_id" in params:
        number = params.integer("milestone_id")
        milestone = store.milestones.get(number or 0)
        draft.milestone_id = milestone.id if milestone and milestone.project_id in (None, draft.project_id) else None
    assignees = params.ids("assignee_ids")
    if assignees is None and "assignee_id" in params:
        assignees = [number for number in [params.integer("assignee_id")] if number]
    if assignees is not None:
        draft.assignee_ids = [one for one in assignees if one in store.users]
    if (locked := params.boolean("discussion_locked")) is not None:
        draft.discussion_locked = locked


def checked_title(title: str | None) -> str:
    """A title that a record may have. Raises 400."""
    title = (title or "").strip()
    if not title:
        raise invalid_field("title", "can't be blank")
    if len(title) > LONGEST_TITLE:
        raise invalid_field("title", f"is too long (maximum is {LONGEST_TITLE} characters)")
    return title


def checked_text(field: str, text: str | None) -> str | None:
    """A description or note that is not too long. Raises 400."""
    if text is not None and len(text) > LONGEST_TEXT:
        raise invalid_field(field, f"is too long (maximum is {LONGEST_TEXT} characters)")
    return text


def may_set_history(actor: User) -> bool:
    """Whether `iid`, `created_at` and `updated_at` are heeded; for others they are silently ignored."""
    return actor.role >= OWNER


def ensure_labels(names: list[str], project_id: int, store: Store) -> list[str]:
    """The names as labels are written; what does not exist yet becomes a label of the project."""
    known = {label.name.lower(): label.name for label in store.labels_for(project_id)}
    for name in names:
        if name.lower() not in known:
            number = store.next_id("label")
            store.labels[number] = Label(number, name, "#428BCA", None, project_id)
            known[name.lower()] = name
    return [known[name.lower()] for name in names]


def _write_labels(draft: Noteable, params: Params, store: Store) -> None:
    labels = params.names("labels")
    if labels is not None:
        draft.labels = with_scopes(ensure_labels(labels, draft.project_id, store))
    if added := params.names("add_labels"):
        draft.labels = with_scopes([*draft.labels, *ensure_labels(added, draft.project_id, store)])
    if removed := params.names("remove_labels"):
        gone = {name.lower() for name in removed}
        draft.labels = [name for name in draft.labels if name.lower() not in gone]
