"""GitLab as a provider of the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp

from worklake.sandbox.gitlab import merge_request_edits
from worklake.sandbox.gitlab.api import Api, Token
from worklake.sandbox.gitlab.call import Site
from worklake.sandbox.gitlab.entities import GUEST, OWNER, Issue, Project, User
from worklake.sandbox.gitlab.errors import ApiError
from worklake.sandbox.gitlab.hook_events import HookEvents
from worklake.sandbox.gitlab.hooks import HookSender
from worklake.sandbox.gitlab.issue_edits import IssueEditor
from worklake.sandbox.gitlab.issue_params import ISSUE_FIELDS
from worklake.sandbox.gitlab.limits import Limits
from worklake.sandbox.gitlab.params import Params
from worklake.sandbox.gitlab.rendering import Renderer
from worklake.sandbox.gitlab.routes import ROUTES
from worklake.sandbox.gitlab.seed import PRIORITY_LABELS, STATUS_LABELS, store_from
from worklake.sandbox.gitlab.store import is_number
from worklake.sandbox.provider import Item, ItemError, Payload
from worklake.sandbox.world import World

_EDIT_FIELDS = frozenset({*ISSUE_FIELDS, "as"})
_CREATE_FIELDS = _EDIT_FIELDS - {"state_event"} | {"iid", "project", "project_id"}
_REQUEST = "merge_request:"
_REQUEST_FIELDS = frozenset({*merge_request_edits.FIELDS, "source_branch", "project", "project_id", "as"})


class GitLabSandbox:
    """GitLab with one group, its projects and the world's work as issues.

    Tokens: `owner` may do everything, `read_only` is the owner's with the scope `read_api`, `developer` and `guest`
    belong to people of those roles. `wall_clock` gives the epoch seconds that rate limits and signatures tell.
    """

    name = "gitlab"

    def __init__(
        self,
        world: World,
        *,
        quota_scale: float,
        clock: Callable[[], datetime],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store_from(world)
        show = Renderer(self._store, world.base_urls.get("gitlab", "https://gitlab.example.com"), clock)
        sender = HookSender(clock, wall_clock, lambda: self._store.next_id("delivery"))
        events = HookEvents(self._store, show, sender)
        editor = IssueEditor(self._store, show, events, clock)
        self._site = Site(self._store, show, editor, sender, events, Limits(quota_scale, wall_clock), clock)
        self._known_tokens: dict[str, Token] = {}
        self.tokens: Mapping[str, str] = self._make_tokens(world.seed)
        self.token = self.tokens["owner"]

    def app(self, base_url: str) -> ASGIApp:
        """The REST API under `/api/v4`."""
        self._site.show.move_to(base_url)
        self._site.hooks.instance = base_url
        self._site.show.render_ahead()
        return Api(self._site, self._known_tokens, ROUTES)

    def items(self) -> list[Item]:
        """Every issue by id, then those that were deleted."""
        show = self._site.show
        living: list[Item] = [
            {"external_id": str(issue.id), "deleted": False, "payload": show.issue(issue)}
            for issue in self._store.issues.values()
        ]
        gone: list[Item] = [
            {"external_id": str(one.id), "deleted": True, "payload": one.payload} for one in self._store.deleted
        ]
        return living + gone

    def create_item(self, fields: Mapping[str, Any]) -> str:
        """Open an issue: the API's fields, `project` (id or path; the first one unless told) and `as` (a username).

        With `source_branch` it is a merge request, whose id begins with `merge_request:`; with `message` a commit.
        """
        project = self._project(fields)
        if "message" in fields:
            _refuse_unknown(fields, frozenset({"message", "project", "project_id", "as"}))
            return merge_request_edits.push(self._site, project, self._actor(fields), str(fields["message"])).id
        _refuse_unknown(fields, _REQUEST_FIELDS if "source_branch" in fields else _CREATE_FIELDS)
        try:
            if "source_branch" in fields:
                wanted = _params({"target_branch": "main", **fields})
                return f"{_REQUEST}{merge_request_edits.create(self._site, project, self._actor(fields), wanted).id}"
            issue = self._site.editor.create(project, self._actor(fields), _params(fields))
        except ApiError as error:
            raise _item_error(error) from error
        return str(issue.id)

    def edit_item(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit an issue, or a merge request, with the API's fields; `as` names who does it. A merge request's
        `state_event` may also be `merge`.
        """
        if external_id.startswith(_REQUEST):
            self._edit_request(external_id, fields)
            return
        _refuse_unknown(fields, _EDIT_FIELDS)
        try:
            self._site.editor.update(self._issue(external_id), self._actor(fields), _params(fields))
        except ApiError as error:
            raise _item_error(error) from error

    def _edit_request(self, external_id: str, fields: Mapping[str, Any]) -> None:
        _refuse_unknown(fields, _REQUEST_FIELDS)
        number = external_id.removeprefix(_REQUEST)
        request = self._store.merge_requests.get(int(number)) if is_number(number) else None
        if request is None:
            raise ItemError(404, f"there is no merge request {external_id!r}; creating one answers its id")
        merges = fields.get("state_event") == "merge"
        change = merge_request_edits.merge if merges else merge_request_edits.update
        try:
            change(self._site, request, self._actor(fields), _params({} if merges else fields))
        except ApiError as error:
            raise _item_error(error) from error

    def delete_item(self, external_id: str) -> None:
        """Delete an issue; GitLab tells nobody."""
        self._site.editor.delete(self._issue(external_id))

    def conf(self, base_url: str) -> Payload:
        """The provider, its address, every project, and what the team's labels mean."""
        return {
            "provider": self.name,
            "base_url": base_url,
            "projects": [project.full_path for project in self._store.projects.values()],
            "status_labels": {label: status for status, label in STATUS_LABELS.items()},
            "priority_labels": {label: priority for priority, label in PRIORITY_LABELS.items()},
        }

    def revoke_token(self, name: str) -> None:
        """The token is answered with 401 `invalid_token` from now on."""
        text = self.tokens[name]
        self._known_tokens[text] = replace(self._known_tokens[text], revoked=True)

    def _make_tokens(self, seed: int) -> dict[str, str]:
        users = list(self._store.users.values())
        owner = next(user for user in users if user.role == OWNER)
        developer = next((user for user in users if user.role not in (OWNER, GUEST)), None)
        guest = next((user for user in users if user.role == GUEST), None)
        made: dict[str, str] = {}
        for name, user in (("owner", owner), ("read_only", owner), ("developer", developer), ("guest", guest)):
            if user is not None:
                made[name] = f"glpat-sandbox-{seed}-{name.replace('_', '-')}"
                self._known_tokens[made[name]] = Token(user, read_only=name == "read_only")
        return made

    def _issue(self, external_id: str) -> Issue:
        issue = self._store.issues.get(int(external_id)) if is_number(external_id) else None
        if issue is None:
            raise ItemError(404, f"there is no issue with the id {external_id!r}; ids are GitLab's global numbers")
        return issue

    def _project(self, fields: Mapping[str, Any]) -> Project:
        wanted = fields.get("project_id", fields.get("project"))
        if wanted is None:
            return next(iter(self._store.projects.values()))
        project = self._store.project_at(str(wanted))
        if project is None:
            known = ", ".join(one.full_path for one in self._store.projects.values())
            raise ItemError(422, f"there is no project {wanted!r}; there are {known}")
        return project

    def _actor(self, fields: Mapping[str, Any]) -> User:
        username = fields.get("as")
        if username is None:
            return self._known_tokens[self.tokens["owner"]].user
        user = self._store.user_named(str(username))
        if user is None:
            raise ItemError(422, f"there is no user {username!r}")
        return user


def _params(fields: Mapping[str, Any]) -> Params:
    return Params({name: value for name, value in fields.items() if name not in ("as", "project", "project_id")})


def _refuse_unknown(fields: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(fields) - known):
        raise ItemError(422, f"an issue has no writable field {unknown[0]!r}; there are {', '.join(sorted(known))}")


def _item_error(error: ApiError) -> ItemError:
    return ItemError(422 if error.status == 400 else error.status, f"GitLab refuses: {error.body}")
