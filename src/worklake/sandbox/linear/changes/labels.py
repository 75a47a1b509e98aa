"""Issue labels and label groups."""

from __future__ import annotations

from worklake.sandbox.linear import events
from worklake.sandbox.linear.changes.rows import copied, require_name, write
from worklake.sandbox.linear.entities import IssueLabel
from worklake.sandbox.linear.errors import already_exists, refused
from worklake.sandbox.linear.request import Input, Request, only

LARGEST_GROUP = 250

_UPDATE = frozenset({"name", "color", "description", "isGroup", "parentId"})
_CREATE = _UPDATE | {"id", "teamId"}


def create_label(request: Request, input: Input) -> IssueLabel:
    """`issueLabelCreate`: of a team, or of the workspace without `teamId`."""
    store = request.store
    only("IssueLabelCreateInput", input, _CREATE)
    require_name(input)
    team_id = store.teams.need(input["teamId"]).id if input.get("teamId") is not None else None
    label = IssueLabel(
        id=store.chosen_id("label", input.get("id")),
        created_at=request.moment,
        updated_at=request.moment,
        name=input["name"].strip(),
        color=input.get("color") or "#bec2c8",
        description=input.get("description"),
        is_group=bool(input.get("isGroup")),
        team_id=team_id,
        creator_id=request.actor.id,
    )
    if store.labels.get(label.id) is not None:
        raise already_exists("IssueLabel", label.id)
    _check_name(request, label, label.name)
    label.parent_id = _group(request, label, input.get("parentId"))
    store.labels.insert(label)
    events.tell(request, "create", label)
    return label


def update_label(request: Request, id: str, input: Input) -> IssueLabel:
    """`issueLabelUpdate`."""
    label = request.store.labels.need(id)
    only("IssueLabelUpdateInput", input, _UPDATE)
    require_name(input)
    columns = {
        name: value
        for name, value in copied(input, "name color description isGroup").items()
        if value is not None or name == "description"
    }
    if "name" in columns:
        columns["name"] = columns["name"].strip()
        _check_name(request, label, columns["name"])
    if "parentId" in input:
        columns["parent_id"] = _group(request, label, input["parentId"])
    _tell_if_changed(request, label, write(request, request.store.labels, label, columns))
    return label


def delete_label(request: Request, id: str) -> str:
    """`issueLabelDelete`: it vanishes from its issues, whose `updatedAt` stays."""
    store = request.store
    label = store.labels.need(id)
    for child in store.labels.where("parent_id", label.id):
        store.labels.change(child, parent_id=None)
    for issue in store.issues:
        if label.id in issue.label_ids:
            store.issues.change(issue, label_ids=[one for one in issue.label_ids if one != label.id])
    events.tell(request, "remove", label)
    store.labels.delete(label)
    return label.id


def retire_label(request: Request, id: str) -> IssueLabel:
    """`issueLabelRetire`: it stays where it is and can no longer be applied."""
    label = request.store.labels.need(id)
    columns = {"retired_at": label.retired_at or request.moment, "retired_by_id": request.actor.id}
    _tell_if_changed(request, label, write(request, request.store.labels, label, columns))
    return label


def restore_label(request: Request, id: str) -> IssueLabel:
    """`issueLabelRestore`."""
    label = request.store.labels.need(id)
    columns = {"retired_at": None, "retired_by_id": None}
    _tell_if_changed(request, label, write(request, request.store.labels, label, columns))
    return label


def _tell_if_changed(request: Request, label: IssueLabel, before: dict[str, object] | None) -> None:
    if before is not None:
        events.tell(request, "update", label, before)


def _check_name(request: Request, label: IssueLabel, name: str) -> None:
    for other in request.store.labels:
        same_place = other.team_id in (None, label.team_id) or label.team_id is None
        if other is not label and same_place and other.name.casefold() == name.casefold():
            raise refused("Duplicate label name", f"Label with the name {name} already exists.")


def _group(request: Request, label: IssueLabel, parent_id: str | None) -> str | None:
    if parent_id is None:
        return None
    group = request.store.labels.need(parent_id)
    if not group.is_group or group.id == label.id or label.is_group:
        raise refused("Parent label is not a group", f"{group.name} is not a label group.")
    if group.team_id not in (None, label.team_id):
        raise refused("Parent label belongs to another team", f"{group.name} belongs to another team.")
    if request.store.labels.count("parent_id", group.id) >= LARGEST_GROUP:
        raise refused("Label group is full", f"A label group holds at most {LARGEST_GROUP} labels.")
    return group.id
