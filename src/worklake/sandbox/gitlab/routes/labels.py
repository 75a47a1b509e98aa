"""Labels of projects and of the group."""

from __future__ import annotations

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply, no_content
from worklake.sandbox.gitlab.colors import hex_color
from worklake.sandbox.gitlab.entities import REPORTER, Label
from worklake.sandbox.gitlab.errors import ApiError, invalid_field, invalid_parameter, not_found
from worklake.sandbox.gitlab.paging import paged
from worklake.sandbox.gitlab.rendering import Json
from worklake.sandbox.gitlab.store import is_number

_FIELDS = ("new_name", "color", "description", "priority")
_LONGEST_NAME = 255


def _owner(call: Call) -> int | None:
    """The number of the path's project, None for the group."""
    if "/groups/" in call.path:
        call.check_group()
        return None
    return call.project().id


def _list(call: Call) -> Reply:
    project_id = _owner(call)
    labels = call.store.labels_for(project_id)
    if project_id is not None and call.query.boolean("include_ancestor_groups") is False:
        labels = [label for label in labels if label.project_id is not None]
    if call.query.boolean("archived"):
        labels = []
    if search := call.query.text("search"):
        labels = [label for label in labels if search.lower() in label.name.lower()]
    return paged(call, labels, lambda label: _shown(call, label))


def _read(call: Call) -> Reply:
    return json_reply(_shown(call, _label(call, _owner(call))))


def _create(call: Call) -> Reply:
    owner = _owner(call)
    call.require(REPORTER)
    call.body.require("name", "color")
    name, color = call.body.required("name").strip(), _color(call.body.required("color"))
    _check_name(call, owner, name)
    number = call.store.next_id("label")
    priority = _priority(call)
    label = Label(number, name, color, call.body.text("description"), owner, priority)
    call.store.labels[number] = label
    return json_reply(_shown(call, label), 201)


def _edit(call: Call) -> Reply:
    owner = _owner(call)
    call.require(REPORTER)
    label = _label(call, owner)
    if not call.body.names_any(_FIELDS):
        raise invalid_parameter(f"{', '.join(_FIELDS)} are missing, at least one parameter must be provided")
    new_name = (call.body.text("new_name") or label.name).strip()
    if new_name != label.name:
        _check_name(call, owner, new_name)
        _rename(call, label, new_name)
    if color := call.body.text("color"):
        label.color = _color(color)
    if "description" in call.body:
        label.description = call.body.text("description")
    if "priority" in call.body:
        label.priority = _priority(call)
    return json_reply(_shown(call, label))


def _delete(call: Call) -> Reply:
    owner = _owner(call)
    call.require(REPORTER)
    label = _label(call, owner)
    _rename(call, label, None)
    del call.store.labels[label.id]
    return no_content()


def _rename(call: Call, label: Label, name: str | None) -> None:
    """Give the label another name, or none, on everything that has it; that moves no `updated_at`."""
    for issue in call.store.issues.values():
        if label.name in issue.labels and label.project_id in (None, issue.project_id):
            with call.store.changing(issue):
                rest = [one for one in issue.labels if one != label.name]
                issue.labels = sorted([*rest, name]) if name else rest
    for request in call.store.merge_requests.values():
        if label.name in request.labels and label.project_id in (None, request.project_id):
            rest = [one for one in request.labels if one != label.name]
            request.labels = sorted([*rest, name]) if name else rest
    for events in call.store.events.values():
        for event in events:
            if event.kind == "label" and event.subject == label.name:
                event.subject = name or ""
    if name:
        label.name = name


def _label(call: Call, owner: int | None) -> Label:
    wanted = call.part("label_id") if "label_id" in call.segments else call.body.required("name")
    label = call.store.labels.get(int(wanted)) if is_number(wanted) else None
    label = label or call.store.label_named(owner, wanted)
    if label is None or label.project_id not in (None, owner):
        raise not_found("Label")
    return label


def _check_name(call: Call, owner: int | None, name: str) -> None:
    if not name:
        raise invalid_field("title", "can't be blank")
    if len(name) > _LONGEST_NAME:
        raise invalid_field("title", f"is too long (maximum is {_LONGEST_NAME} characters)")
    if "," in name:
        raise invalid_field("title", "is invalid")
    if any(label.name == name for label in call.store.labels_for(owner)):
        raise ApiError(409, {"message": "Label already exists"})


def _color(text: str) -> str:
    color = hex_color(text)
    if color is None:
        raise invalid_field("color", "must be a valid color code")
    return color


def _priority(call: Call) -> int | None:
    priority = call.body.integer("priority")
    if priority is not None and priority < 0:
        raise invalid_field("priority", "must be greater than or equal to 0")
    return priority


def _shown(call: Call, label: Label) -> Json:
    if call.query.boolean("with_counts") is not True:
        shown = call.show.counted_label(label, (0, 0, 0))
        return {name: value for name, value in shown.items() if not name.endswith("_count")}
    states = [
        issue.state
        for issue in call.store.issues.values()
        if label.name in issue.labels and label.project_id in (None, issue.project_id)
    ]
    requests = [one for one in call.store.merge_requests.values() if label.name in one.labels and one.state == "opened"]
    return call.show.counted_label(label, (states.count("opened"), states.count("closed"), len(requests)))


def _routes(owner: str) -> tuple[Route, ...]:
    return (
        Route("GET", f"/{owner}/:id/labels", _list),
        Route("POST", f"/{owner}/:id/labels", _create),
        Route("PUT", f"/{owner}/:id/labels", _edit_by_name),
        Route("DELETE", f"/{owner}/:id/labels", _delete),
        Route("GET", f"/{owner}/:id/labels/:label_id", _read),
        Route("PUT", f"/{owner}/:id/labels/:label_id", _edit),
        Route("DELETE", f"/{owner}/:id/labels/:label_id", _delete),
    )


def _edit_by_name(call: Call) -> Reply:
    """The older form of the call, which names the label in its body."""
    call.body.required("name")
    return _edit(call)


ROUTES = (*_routes("projects"), *_routes("groups"))
