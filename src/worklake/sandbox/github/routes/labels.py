"""Labels of repositories, and those of one issue."""

from __future__ import annotations

import re

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.edits import LONGEST_LABEL
from worklake.sandbox.github.entities import Issue, Label, Repository
from worklake.sandbox.github.errors import invalid, not_found
from worklake.sandbox.github.paging import paged

_COLOR = re.compile(r"[0-9a-fA-F]{6}")
_LONGEST_DESCRIPTION = 100


def _list(call: Call) -> Reply:
    repository = call.repository()
    return paged(call, list(repository.labels.values()), lambda label: call.show.label(label, repository))


def _read(call: Call) -> Reply:
    repository = call.repository()
    return json_reply(call.show.label(_label(call, repository), repository))


def _create(call: Call) -> Reply:
    repository = call.writable()
    call.require_push()
    name = _checked_name(call, "name", repository)
    label = call.store.label(repository, name)
    _describe(call, label)
    return json_reply(call.show.label(label, repository), 201)


def _edit(call: Call) -> Reply:
    """A label that is renamed is so on every issue, which moves none of them."""
    repository = call.writable()
    call.require_push()
    label = _label(call, repository)
    if call.body.get("new_name") is not None and call.body["new_name"] != label.name:
        same = str(call.body["new_name"]).lower() == label.name.lower()
        _rename(repository, label, str(call.body["new_name"]) if same else _checked_name(call, "new_name", repository))
    _describe(call, label)
    return json_reply(call.show.label(label, repository))


def _delete(call: Call) -> Reply:
    repository = call.writable()
    call.require_push()
    _rename(repository, _label(call, repository), None)
    return Reply(b"", 204)


def _rename(repository: Repository, label: Label, name: str | None) -> None:
    old = label.name
    del repository.labels[old.lower()]
    if name is not None:
        label.name = name
        repository.labels[name.lower()] = label
    for issue in repository.issues.values():
        if old in issue.labels:
            renamed = [name if one == old else one for one in issue.labels]
            issue.labels = [one for one in renamed if one is not None]


def _of_issue(call: Call) -> Reply:
    return _shown(call, call.issue(), paging=True)


def _add(call: Call) -> Reply:
    issue = call.issue()
    return _set(call, issue, [*issue.labels, *_named(call, issue)])


def _replace(call: Call) -> Reply:
    issue = call.issue()
    return _set(call, issue, _named(call, issue))


def _clear(call: Call) -> Reply:
    _set(call, call.issue(), [])
    return Reply(b"", 204)


def _take(call: Call) -> Reply:
    issue = call.issue()
    name = call.part("name").lower()
    rest = [one for one in issue.labels if one.lower() != name]
    if len(rest) == len(issue.labels):
        raise not_found()
    return _set(call, issue, rest)


def _set(call: Call, issue: Issue, names: list[str]) -> Reply:
    call.require_push()
    draft = call.site.editor.draft_of(issue)
    draft.labels = list(dict.fromkeys(names))
    call.site.editor.commit(issue, draft, call.user)
    return _shown(call, issue)


def _shown(call: Call, issue: Issue, *, paging: bool = False) -> Reply:
    shown = call.show.issue(issue)["labels"]
    return paged(call, shown, lambda label: label) if paging else json_reply(shown)


def _named(call: Call, issue: Issue) -> list[str]:
    repository = call.store.repositories[issue.repository_id]
    return call.site.editor.labels(repository, call.body.get("labels", call.body.get("")))


def _label(call: Call, repository: Repository) -> Label:
    label = repository.labels.get(call.part("name").lower())
    if label is None:
        raise not_found()
    return label


def _checked_name(call: Call, key: str, repository: Repository) -> str:
    name = (call.text(key, required=True, resource="Label") or "").strip()
    if not name or len(name) > LONGEST_LABEL:
        raise invalid("name", "invalid", "Label")
    if name.lower() in repository.labels:
        raise invalid("name", "already_exists", "Label")
    return name


def _describe(call: Call, label: Label) -> None:
    color = call.text("color", resource="Label")
    if color is not None and not _COLOR.fullmatch(color):
        raise invalid("color", "invalid", "Label")
    label.color = color or label.color
    if "description" in call.body:
        label.description = call.text("description", resource="Label")
        if len(label.description or "") > _LONGEST_DESCRIPTION:
            raise invalid("description", "custom", "Label", message="description is too long (maximum is 100)")


_REPO, _ISSUE = "/repos/:owner/:repo/labels", "/repos/:owner/:repo/issues/:number/labels"
ROUTES = (
    Route("GET", _REPO, _list),
    Route("POST", _REPO, _create),
    Route("GET", f"{_REPO}/:name", _read),
    Route("PATCH", f"{_REPO}/:name", _edit),
    Route("DELETE", f"{_REPO}/:name", _delete),
    Route("GET", _ISSUE, _of_issue),
    Route("POST", _ISSUE, _add),
    Route("PUT", _ISSUE, _replace),
    Route("DELETE", _ISSUE, _clear),
    Route("DELETE", f"{_ISSUE}/:name", _take),
)
