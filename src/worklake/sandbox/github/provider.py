"""GitHub as a provider of the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp

from worklake.sandbox.github.api import Api, Token
from worklake.sandbox.github.boards import CLOSED_IS_DONE, DONE_CLOSES, Boards, option_id
from worklake.sandbox.github.call import Site
from worklake.sandbox.github.code_edits import CodeEditor
from worklake.sandbox.github.edits import FIELDS, Editor
from worklake.sandbox.github.entities import Issue, Repository, User
from worklake.sandbox.github.errors import ApiError
from worklake.sandbox.github.hooks import HookSender
from worklake.sandbox.github.limits import Limits
from worklake.sandbox.github.rendering import Renderer
from worklake.sandbox.github.routes import ROUTES
from worklake.sandbox.github.seed import PRIORITY_LABELS, STATUS_LABELS, store_from
from worklake.sandbox.provider import Item, ItemError, Payload
from worklake.sandbox.world import World

_EDIT_FIELDS = frozenset({*FIELDS, "project_option", "in_project", "as"})
_CREATE_FIELDS = _EDIT_FIELDS | {"repository"}
_PULL_FIELDS = frozenset({"title", "body", "head", "base", "draft", "repository", "as"})
_PULL = "merge_request:"


class GitHubSandbox:
    """GitHub with one organisation, its repositories and the world's work as issues.

    Tokens: `admin` may do everything, `classic` is of the same person and tells its scopes, among which is none for
    projects, `read_only` is theirs as well, with the permission to read issues and projects, and `no_projects` without
    the one for projects; `writer` and `reader` belong to people with and without push access, and `installation` to an
    App. `wall_clock` gives the epoch seconds that rate limits tell. `switches` are the workflows of the project.
    """

    name = "github"

    def __init__(
        self,
        world: World,
        *,
        quota_scale: float,
        clock: Callable[[], datetime],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store_from(world)
        show = Renderer(self._store, world.base_urls.get("github", "https://github.example.com"))
        hooks = HookSender(clock, self._store.next_id)
        editor = Editor(self._store, show, hooks, clock)
        code = CodeEditor(self._store, editor, clock)
        self.switches: dict[str, int] = {CLOSED_IS_DONE: 1, DONE_CLOSES: 0}
        boards = Boards(self._store, editor, clock, self.switches)
        self._site = Site(self._store, show, editor, code, hooks, Limits(quota_scale, wall_clock), clock, boards)
        self._known_tokens: dict[str, Token] = {}
        self.tokens: Mapping[str, str] = self._make_tokens(world.seed)
        self.token = self.tokens["admin"]

    def app(self, base_url: str) -> ASGIApp:
        """The REST API at the root, with the little of GraphQL that is served."""
        self._site.show.base_url = base_url
        return Api(self._site, self._known_tokens, ROUTES)

    def items(self) -> list[Item]:
        """Every issue by id, then those that were deleted. Pull requests are none."""
        show = self._site.show
        living: list[Item] = [
            {"external_id": str(issue.id), "deleted": False, "payload": show.issue(issue)}
            for issue in self._store.issues.values()
            if issue.pull is None
        ]
        gone: list[Item] = [
            {"external_id": str(one.id), "deleted": True, "payload": one.payload} for one in self._store.deleted
        ]
        return living + gone

    def create_item(self, fields: Mapping[str, Any]) -> str:
        """Open an issue: the API's fields, `repository` (the first one unless told) and those of `edit_item`.

        With `head` it is a pull request, whose id begins with `merge_request:`; with `message` a commit.
        """
        if "message" in fields:
            _refuse_unknown(fields, frozenset({"message", "repository", "as"}))
            return self._site.code.push(self._repository(fields), self._actor(fields), str(fields["message"])).sha
        _refuse_unknown(fields, _PULL_FIELDS if "head" in fields else _CREATE_FIELDS)
        try:
            if "head" in fields:
                return f"{_PULL}{self._site.code.open(self._repository(fields), self._actor(fields), fields).id}"
            issue = self._site.editor.create(self._repository(fields), self._actor(fields), _only_fields(fields))
            if fields.get("state") == "closed":
                self._site.editor.update(issue, self._actor(fields), _only_fields(fields))
            self._edit_project(issue, fields)
        except ApiError as error:
            raise _item_error(error) from error
        return str(issue.id)

    def edit_item(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit an issue, or a pull request, with the API's fields; `as` names who does it. A pull request's `state`
        may also be made `merged`. `project_option` moves an issue's item in the project, null taking its option off
        it; `in_project` puts it there or takes it out.
        """
        _refuse_unknown(fields, _EDIT_FIELDS)
        try:
            if external_id.startswith(_PULL):
                self._edit_pull(external_id, fields)
                return
            self._site.editor.update(self._issue(external_id), self._actor(fields), _only_fields(fields))
            self._edit_project(self._issue(external_id), fields)
        except ApiError as error:
            raise _item_error(error) from error

    def _edit_pull(self, external_id: str, fields: Mapping[str, Any]) -> None:
        number = external_id.removeprefix(_PULL)
        issue = self._store.issues.get(int(number)) if number.isdecimal() else None
        if issue is None or issue.pull is None:
            raise ItemError(404, f"there is no pull request {external_id!r}; creating one answers its id")
        if fields.get("state") == "merged":
            self._site.code.merge(issue, self._actor(fields))
        else:
            self._site.editor.update(issue, self._actor(fields), _only_fields(fields))

    def delete_item(self, external_id: str) -> None:
        """Delete an issue, as its page can."""
        self._site.editor.delete(self._issue(external_id), self._actor({}))

    def _edit_project(self, issue: Issue, fields: Mapping[str, Any]) -> None:
        boards, project = self._site.boards, self._store.projects[0]
        if fields.get("in_project") is False:
            boards.remove(project, issue)
        elif "in_project" in fields or "project_option" in fields:
            item, name = boards.add(project, issue), fields.get("project_option")
            option = option_id(project, str(name)) if name is not None else None
            if name is not None and option is None:
                raise ItemError(422, f"there is no option {name!r}; there are {', '.join(project.options.values())}")
            if "project_option" in fields:
                boards.move(project, item, option, self._actor(fields))

    def conf(self, base_url: str) -> Payload:
        """The provider, its address, every repository, what the team's labels mean, and how fast one may write."""
        return {
            "provider": self.name,
            "base_url": base_url,
            "repositories": [one.full_name for one in self._store.repositories.values()],
            "status_labels": {label: status for status, label in STATUS_LABELS.items()},
            "priority_labels": {label: priority for priority, label in PRIORITY_LABELS.items()},
            "writes_per_minute": self._site.limits.writes_per_minute,
        }

    def revoke_token(self, name: str) -> None:
        """The token is answered with 401 from now on."""
        text = self.tokens[name]
        self._known_tokens[text] = replace(self._known_tokens[text], revoked=True)

    def _make_tokens(self, seed: int) -> dict[str, str]:
        people = [user for user in self._store.users.values() if not user.bot]
        admin = people[0]
        writer = next((user for user in people if user.permission == "write"), None)
        reader = next((user for user in people if user.permission == "read"), None)
        bot = next(user for user in self._store.users.values() if user.bot)
        held: dict[str, Token | None] = {
            "admin": Token(admin),
            "classic": Token(admin, "classic", projects="none"),
            "read_only": Token(admin, read_only=True, projects="read"),
            "no_projects": Token(admin, projects="none"),
            "writer": Token(writer) if writer else None,
            "reader": Token(reader) if reader else None,
            "installation": Token(bot, "installation"),
        }
        prefixes = {"classic": "ghp", "fine-grained": "github_pat", "installation": "ghs"}
        made: dict[str, str] = {}
        for name, token in held.items():
            if token is not None:
                made[name] = f"{prefixes[token.kind]}_sandbox{seed}{name.replace('_', '')}"
                self._known_tokens[made[name]] = token
        return made

    def _issue(self, external_id: str) -> Issue:
        known = external_id.isascii() and external_id.isdigit() and len(external_id) <= 18
        issue = self._store.issues.get(int(external_id)) if known else None
        if issue is None or issue.pull is not None:
            raise ItemError(404, f"there is no issue with the id {external_id!r}; ids are GitHub's global numbers")
        return issue

    def _repository(self, fields: Mapping[str, Any]) -> Repository:
        wanted = fields.get("repository")
        if wanted is None:
            return next(iter(self._store.repositories.values()))
        repository = self._store.repository_at(str(wanted))
        if repository is None:
            known = ", ".join(one.full_name for one in self._store.repositories.values())
            raise ItemError(422, f"there is no repository {wanted!r}; there are {known}")
        return repository

    def _actor(self, fields: Mapping[str, Any]) -> User:
        login = fields.get("as")
        user = self._known_tokens[self.token].user if login is None else self._store.user_named(str(login))
        if user is None:
            raise ItemError(422, f"there is no user {login!r}")
        return user


def _only_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in FIELDS}


def _refuse_unknown(fields: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(fields) - known):
        raise ItemError(422, f"an issue has no writable field {unknown[0]!r}; there are {', '.join(sorted(known))}")


def _item_error(error: ApiError) -> ItemError:
    return ItemError(422 if error.status in (400, 422) else error.status, f"GitHub refuses: {error.body}")
