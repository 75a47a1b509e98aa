"""Workflow states."""

from __future__ import annotations

from worklake.sandbox.linear.changes.rows import copied, require_name, write
from worklake.sandbox.linear.entities import WorkflowState
from worklake.sandbox.linear.errors import already_exists, invalid_argument, refused
from worklake.sandbox.linear.request import Input, Request, only

_UPDATE = frozenset({"name", "color", "description", "position"})
_CREATE = _UPDATE | {"id", "teamId", "type"}
_CREATABLE_TYPES = ("backlog", "unstarted", "started", "completed", "canceled")


def create_state(request: Request, input: Input) -> WorkflowState:
    """`workflowStateCreate`."""
    store = request.store
    only("WorkflowStateCreateInput", input, _CREATE)
    require_name(input)
    if input["type"] not in _CREATABLE_TYPES:
        raise invalid_argument(f"type must be one of {', '.join(_CREATABLE_TYPES)}.")
    team = store.teams.need(input["teamId"])
    peers = store.states_of(team.id)
    if any(state.name.casefold() == input["name"].casefold() for state in peers):
        raise refused("Duplicate workflow state name", f"The team already has a state {input['name']}.")
    position = input.get("position")
    state = WorkflowState(
        id=store.chosen_id("state", input.get("id")),
        created_at=request.moment,
        updated_at=request.moment,
        name=input["name"],
        type=input["type"],
        color=input["color"],
        description=input.get("description"),
        position=position if position is not None else max((one.position for one in peers), default=0) + 1,
        team_id=team.id,
    )
    if store.states.get(state.id) is not None:
        raise already_exists("WorkflowState", state.id)
    return store.states.insert(state)


def update_state(request: Request, id: str, input: Input) -> WorkflowState:
    """`workflowStateUpdate`."""
    only("WorkflowStateUpdateInput", input, _UPDATE)
    require_name(input)
    state = request.store.states.need(id)
    given = copied(input, "name color description position").items()
    columns = {name: value for name, value in given if value is not None or name == "description"}
    write(request, request.store.states, state, columns)
    return state


def archive_state(request: Request, id: str) -> WorkflowState:
    """`workflowStateArchive`: only when all of its issues are archived and it is not the team's default."""
    store = request.store
    state = store.states.need(id)
    if any(issue.archived_at is None for issue in store.issues.where("state_id", state.id)):
        raise refused("Cannot archive a state with active issues", "The state still has issues.")
    if store.teams.need(state.team_id).default_state_id == state.id:
        raise refused("Cannot archive the default state", "New issues of the team begin in this state.")
    write(request, store.states, state, {"archived_at": state.archived_at or request.moment})
    return state
