"""Relations between issues."""

from __future__ import annotations

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import REPORTER, Issue, IssueLink
from worklake.sandbox.gitlab.errors import not_found
from worklake.sandbox.gitlab.rendering import Json, shown_time
from worklake.sandbox.gitlab.store import is_number

_TYPES = ("relates_to", "blocks", "is_blocked_by")


def _list(call: Call) -> Reply:
    issue = call.issue()
    rows: list[Json] = []
    for link in call.store.links_of.get(issue.id, ()):
        other = call.store.issues[link.target_id if link.source_id == issue.id else link.source_id]
        if call.sees(other):
            link_type = "is_blocked_by" if link.link_type == "blocks" and link.target_id == issue.id else link.link_type
            rows.append({
                **call.show.issue(other), "issue_link_id": link.id, "link_type": link_type,
                "link_created_at": shown_time(link.created_at), "link_updated_at": shown_time(link.created_at),
            })  # fmt: skip
    return json_reply(rows)


def _create(call: Call) -> Reply:
    issue = call.issue()
    call.require(REPORTER)
    link_type = call.body.text("link_type", _TYPES) or "relates_to"
    project = call.store.project_at(call.body.required("target_project_id"))
    if project is None:
        raise not_found("Project")
    target = project.issues.get(int(number) if is_number(number := call.body.required("target_issue_iid")) else 0)
    if target is None or target.id == issue.id or not call.sees(target):
        raise not_found()
    link = call.site.editor.link(issue, target, link_type)
    return json_reply(_shown(call, link, issue), 201)


def _read(call: Call) -> Reply:
    issue = call.issue()
    return json_reply(_shown(call, _link(call, issue), issue))


def _delete(call: Call) -> Reply:
    issue = call.issue()
    call.require(REPORTER)
    link = _link(call, issue)
    shown = _shown(call, link, issue)
    call.store.remove_link(link)
    return json_reply(shown)


def _link(call: Call, issue: Issue) -> IssueLink:
    link = call.store.links.get(call.number("link_id"))
    if link is None or issue.id not in (link.source_id, link.target_id):
        raise not_found()
    return link


def _shown(call: Call, link: IssueLink, seen_from: Issue) -> Json:
    other = call.store.issues[link.target_id if link.source_id == seen_from.id else link.source_id]
    turned = link.link_type == "blocks" and link.target_id == seen_from.id
    return {
        "id": link.id, "source_issue": call.show.issue(seen_from), "target_issue": call.show.issue(other),
        "link_type": "is_blocked_by" if turned else link.link_type,
    }  # fmt: skip


ROUTES = (
    Route("GET", "/projects/:id/issues/:iid/links", _list),
    Route("POST", "/projects/:id/issues/:iid/links", _create),
    Route("GET", "/projects/:id/issues/:iid/links/:link_id", _read),
    Route("DELETE", "/projects/:id/issues/:iid/links/:link_id", _delete),
)
