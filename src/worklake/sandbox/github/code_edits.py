"""What people do to pull requests and default branches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from worklake.sandbox.github.edits import Editor
from worklake.sandbox.github.entities import Commit, Issue, Pull, Repository, User
from worklake.sandbox.github.errors import ApiError, forbidden, invalid
from worklake.sandbox.github.seed import sha_of
from worklake.sandbox.github.store import Store

_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#([0-9]{1,9})\b", re.IGNORECASE)


class CodeEditor:
    """Opens and merges pull requests, and pushes commits, in a person's name."""

    def __init__(self, store: Store, editor: Editor, clock: Callable[[], datetime]) -> None:
        self._store, self._editor, self._clock = store, editor, clock

    def open(self, repository: Repository, actor: User, fields: Mapping[str, Any]) -> Issue:
        """A new pull request. Raises 422 when one is open for the same branches, or there is nothing to merge."""
        head, base = fields.get("head"), fields.get("base", "main")
        if not isinstance(head, str) or not head or not isinstance(base, str):
            raise invalid("head", "missing_field", "PullRequest")
        if head == base:
            raise invalid("head", "custom", "PullRequest", message=f"No commits between {base} and {head}")
        for other in repository.issues.values():
            if other.pull and other.state == "open" and (other.pull.head, other.pull.base) == (head, base):
                text = f"A pull request already exists for {repository.owner}:{head}."
                raise invalid("head", "custom", "PullRequest", message=text)
        known = {name: value for name, value in fields.items() if name in ("title", "body")}
        issue = self._editor.create(repository, actor, known)
        sha = sha_of(repository.full_name, head, issue.number)
        issue.pull = Pull(self._store.next_id(), head, sha, fields.get("draft") is True, base=base)
        return issue

    def merge(self, issue: Issue, actor: User, sha: str | None = None) -> Commit:
        """Merge a pull request, which closes it and, into the default branch, the issues that its body says it closes.

        Raises 405 where it cannot be merged, 409 where `sha` is not its head.
        """
        pull, repository = issue.pull, self._store.repositories[issue.repository_id]
        if not actor.pushes:
            raise forbidden()
        if pull is None or issue.state != "open" or pull.draft:
            raise ApiError(405, "Pull Request is not mergeable")
        if sha not in (None, pull.sha):
            raise ApiError(409, "Head branch was modified. Review and try the merge again.")
        message = f"Merge pull request #{issue.number} from {repository.owner}/{pull.head}\n\n{issue.title}"
        now = self._clock()
        made = Commit(sha_of(pull.sha, "merge"), message, actor.id, now, [pull.sha])
        pull.merged_at, pull.merged_by_id = now, actor.id
        self._editor.commit(issue, replace(self._editor.draft_of(issue), state="closed"), actor)
        if pull.base == "main":
            repository.commits.append(made)
            for number in {int(found) for found in _CLOSES.findall(issue.body or "")}:
                closed = repository.issues.get(number)
                if closed is not None and closed.pull is None:
                    self._editor.commit(closed, replace(self._editor.draft_of(closed), state="closed"), actor)
        return made

    def push(self, repository: Repository, actor: User, message: str) -> Commit:
        """A commit straight onto the default branch."""
        now = self._clock()
        parents = [repository.commits[-1].sha] if repository.commits else []
        made = Commit(sha_of(repository.full_name, message, now), message, actor.id, now, parents)
        repository.commits.append(made)
        return made
