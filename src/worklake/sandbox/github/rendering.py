"""Records as GitHub's JSON."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from urllib.parse import quote

from worklake.sandbox.github.entities import Comment, Commit, Event, Issue, Label, Milestone, Repository, User
from worklake.sandbox.github.store import Store

Json = dict[str, Any]
_PEOPLE_LINKS = {
    "followers_url": "/followers", "following_url": "/following{/other_user}", "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}", "subscriptions_url": "/subscriptions", "organizations_url": "/orgs",
    "repos_url": "/repos", "events_url": "/events{/privacy}", "received_events_url": "/received_events",
}  # fmt: skip


def shown_time(moment: datetime | None) -> str | None:
    """A moment as the API shows it: cut to the second, `Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def node_id(kind: str, number: int) -> str:
    """The id by which GraphQL knows a record."""
    return f"{kind}_{base64.urlsafe_b64encode(f'sandbox:{number}'.encode()).decode().rstrip('=')}"


def number_in(kind: str, known_as: str) -> int | None:
    """The number in such an id; None where it is of another kind, or no id at all."""
    prefix, _, text = known_as.partition("_")
    try:
        name, _, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        return int(number) if (prefix, name) == (kind, "sandbox") else None
    except ValueError:
        return None


class Renderer:
    """Shows the records of a store; `base_url` begins every address, of the API and of its pages alike."""

    def __init__(self, store: Store, base_url: str) -> None:
        self._store, self.base_url = store, base_url

    def user(self, user_id: int | None) -> Json | None:
        """The short form of a user, which every other record holds."""
        if user_id is None:
            return None
        one = self._store.users[user_id]
        url = f"{self.base_url}/users/{one.login}"
        return {
            "login": one.login, "id": one.id, "node_id": node_id("U", one.id), "gravatar_id": "",
            "avatar_url": f"{self.base_url}/avatars/u/{one.id}", "url": url,
            "html_url": f"{self.base_url}/{one.login}",
            **{name: url + rest for name, rest in _PEOPLE_LINKS.items()},
            "type": "Bot" if one.bot else "User", "user_view_type": "public", "site_admin": False,
        }  # fmt: skip

    def whole_user(self, user: User) -> Json:
        """A user as asked for by login: with a name, and no e-mail address, which few make public."""
        begun = min((one.created_at for one in self._store.repositories.values()), default=None)
        nothing = dict.fromkeys(("company", "location", "email", "hireable", "bio", "twitter_username"))
        return {
            **(self.user(user.id) or {}), "name": user.name, "blog": "", **nothing, "public_repos": 0,
            "public_gists": 0, "followers": 0, "following": 0, "created_at": shown_time(begun),
            "updated_at": shown_time(begun),
        }  # fmt: skip

    def address(self, repository: Repository) -> str:
        """Where the calls of a repository begin."""
        return f"{self.base_url}/repos/{repository.full_name}"

    def repository(self, one: Repository, viewer: User) -> Json:
        """A repository as lists show it, with what the caller may do there."""
        url, page = self.address(one), f"{self.base_url}/{one.full_name}"
        owner = {**(self.user(1) or {}), "login": one.owner, "type": "Organization"}
        open_issues = sum(issue.state == "open" for issue in one.issues.values())
        rank = ("read", "write", "admin").index(viewer.permission)
        return {
            "id": one.id, "node_id": node_id("R", one.id), "name": one.name, "full_name": one.full_name,
            "owner": owner, "private": True, "html_url": page, "description": one.description, "fork": False,
            "url": url, "created_at": shown_time(one.created_at), "updated_at": shown_time(one.updated_at),
            "pushed_at": shown_time(one.updated_at), "homepage": None, "size": 1, "stargazers_count": 0,
            "watchers_count": 0, "language": None, "has_issues": one.has_issues, "has_projects": True,
            "has_downloads": False, "has_wiki": False, "has_pages": False, "has_discussions": False,
            "forks_count": 0, "mirror_url": None, "archived": one.archived, "disabled": False,
            "open_issues_count": open_issues, "license": None, "forks": 0, "open_issues": open_issues,
            "watchers": 0, "default_branch": "main", "visibility": "private", "topics": [],
            "permissions": {
                "admin": rank == 2, "maintain": rank == 2, "push": rank >= 1, "triage": rank >= 1, "pull": True,
            },
            **{
                f"{name}_url": f"{url}/{name}"
                for name in (
                    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare",
                    "contents", "contributors", "deployments", "downloads", "events", "forks", "git_commits",
                    "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues", "keys", "labels",
                    "languages", "merges", "milestones", "notifications", "pulls", "releases", "stargazers",
                    "statuses", "subscribers", "subscription", "tags", "teams", "trees",
                )
            },
            "git_url": page, "ssh_url": page, "clone_url": page, "svn_url": page,
        }  # fmt: skip

    def label(self, label: Label, repository: Repository) -> Json:
        """A label."""
        return {
            "id": label.id, "node_id": node_id("LA", label.id), "name": label.name, "color": label.color,
            "url": f"{self.address(repository)}/labels/{quote(label.name)}", "description": label.description,
            "default": False,
        }  # fmt: skip

    def milestone(self, one: Milestone, repository: Repository) -> Json:
        """A milestone with how many of its issues are open and closed."""
        states = [issue.state for issue in repository.issues.values() if issue.milestone == one.number]
        url = f"{self.address(repository)}/milestones/{one.number}"
        return {
            "url": url, "html_url": f"{self.base_url}/{repository.full_name}/milestone/{one.number}",
            "labels_url": f"{url}/labels", "id": one.id, "node_id": node_id("MI", one.id), "number": one.number,
            "title": one.title, "description": one.description, "creator": self.user(one.creator_id),
            "open_issues": states.count("open"), "closed_issues": states.count("closed"), "state": one.state,
            "created_at": shown_time(one.created_at), "updated_at": shown_time(one.updated_at),
            "due_on": shown_time(one.due_on), "closed_at": shown_time(one.closed_at),
        }  # fmt: skip

    def issue(self, issue: Issue) -> Json:
        """An issue, or a pull request as the list of issues shows it."""
        repository = self._store.repositories[issue.repository_id]
        address = self.address(repository)
        url, word = f"{address}/issues/{issue.number}", "pull" if issue.pull else "issues"
        milestone = self._store.milestone(issue)
        assignees = [self.user(one) for one in issue.assignee_ids]
        shown = {
            "url": url, "repository_url": address, "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments", "events_url": f"{url}/events", "timeline_url": f"{url}/timeline",
            "html_url": f"{self.base_url}/{repository.full_name}/{word}/{issue.number}", "id": issue.id,
            "node_id": node_id("PR" if issue.pull else "I", issue.id), "number": issue.number, "title": issue.title,
            "user": self.user(issue.author_id),
            "labels": [self.label(repository.labels[name.lower()], repository) for name in issue.labels],
            "state": issue.state, "locked": issue.locked, "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self.milestone(milestone, repository) if milestone else None, "comments": issue.comments,
            "created_at": shown_time(issue.created_at), "updated_at": shown_time(issue.updated_at),
            "closed_at": shown_time(issue.closed_at), "author_association": "MEMBER", "type": None,
            "active_lock_reason": None, **self._relations(issue), "body": issue.body,
            "closed_by": self.user(issue.closed_by_id), "performed_via_github_app": None,
            "state_reason": issue.state_reason,
        }  # fmt: skip
        if issue.pull:
            pull = f"{address}/pulls/{issue.number}"
            files = {"html_url": shown["html_url"], "diff_url": f"{pull}.diff", "patch_url": f"{pull}.patch"}
            shown |= {
                "draft": issue.pull.draft,
                "pull_request": {"url": pull, **files, "merged_at": shown_time(issue.pull.merged_at)},
            }
        return shown

    def _relations(self, issue: Issue) -> Json:
        store = self._store
        parent = store.issues.get(issue.parent_id) if issue.parent_id is not None else None
        children = [one for one in store.issues.values() if one.parent_id == issue.id] if not issue.pull else []
        done = sum(one.state == "closed" for one in children)
        blocking = [one for one in store.issues.values() if issue.id in one.blocked_by]
        blockers = [store.issues[one] for one in issue.blocked_by]
        url = f"{self.address(store.repositories[parent.repository_id])}/issues/{parent.number}" if parent else None
        return {
            "parent_issue_url": url,
            "sub_issues_summary": {
                "total": len(children), "completed": done,
                "percent_completed": 100 * done // len(children) if children else 0,
            },
            "issue_dependencies_summary": {
                "blocked_by": sum(one.state == "open" for one in blockers), "total_blocked_by": len(blockers),
                "blocking": len(blocking) if issue.state == "open" else 0, "total_blocking": len(blocking),
            },
        }  # fmt: skip

    def pull(self, issue: Issue) -> Json:
        """A pull request as its own list shows it."""
        assert issue.pull is not None
        shown = self.issue(issue)
        repository = self._store.repositories[issue.repository_id]
        url = shown["pull_request"]["url"]

        def end(ref: str, sha: str) -> Json:
            label = f"{repository.owner}:{ref}"
            return {
                "label": label, "ref": ref, "sha": sha, "user": self.user(1),
                "repo": self.repository(repository, self._store.users[1]),
            }  # fmt: skip

        kept = (
            "html_url", "number", "title", "user", "labels", "state", "locked", "assignee", "assignees", "milestone",
            "created_at", "updated_at", "closed_at", "author_association", "active_lock_reason", "body", "draft",
            "comments_url",
        )  # fmt: skip
        return {
            **{name: shown[name] for name in kept}, "url": url, "id": issue.pull.id,
            "node_id": node_id("PR", issue.pull.id), "diff_url": f"{url}.diff", "patch_url": f"{url}.patch",
            "issue_url": shown["url"], "commits_url": f"{url}/commits", "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{url}/comments{{/number}}", "statuses_url": f"{url}/statuses",
            "merged_at": shown_time(issue.pull.merged_at), "merge_commit_sha": None, "requested_reviewers": [],
            "requested_teams": [], "head": end(issue.pull.head, issue.pull.sha), "base": end(issue.pull.base, "0" * 40),
            "auto_merge": None, "_links": {"self": {"href": url}, "html": {"href": shown["html_url"]},
                                           "issue": {"href": shown["url"]}, "comments": {"href": shown["url"]},
                                           "review_comments": {"href": url}, "review_comment": {"href": url},
                                           "commits": {"href": url}, "statuses": {"href": url}},
        }  # fmt: skip

    def commit(self, one: Commit, repository: Repository) -> Json:
        """A commit as lists show it."""
        address, author = self.address(repository), self._store.users[one.author_id]
        url, page = f"{address}/commits/{one.sha}", f"{self.base_url}/{repository.full_name}/commit"
        signed = {"name": author.name, "email": author.email, "date": shown_time(one.at)}
        tree = f"{address}/git/trees/{one.sha}"
        unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
        return {
            "url": url, "sha": one.sha, "node_id": node_id("C", repository.id), "html_url": f"{page}/{one.sha}",
            "comments_url": f"{url}/comments",
            "commit": {
                "url": f"{address}/git/commits/{one.sha}", "author": signed, "committer": signed,
                "message": one.message, "comment_count": 0, "tree": {"sha": one.sha, "url": tree},
                "verification": unsigned,
            },
            "author": self.user(one.author_id), "committer": self.user(one.author_id),
            "parents": [
                {"sha": sha, "url": f"{address}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in one.parents
            ],
        }  # fmt: skip

    def comment(self, comment: Comment) -> Json:
        """A comment."""
        issue = self._store.issues[comment.issue_id]
        shown = self.issue(issue)
        url = f"{shown['repository_url']}/issues/comments/{comment.id}"
        return {
            "url": url, "html_url": f"{shown['html_url']}#issuecomment-{comment.id}", "issue_url": shown["url"],
            "id": comment.id, "node_id": node_id("IC", comment.id), "user": self.user(comment.author_id),
            "created_at": shown_time(comment.created_at), "updated_at": shown_time(comment.updated_at),
            "author_association": "MEMBER", "body": comment.body, "performed_via_github_app": None,
        }  # fmt: skip

    def event(self, event: Event, issue: Issue) -> Json:
        """A line of an issue's history."""
        repository = self._store.repositories[issue.repository_id]
        told = dict(event.told)
        if "assignee_id" in told:
            told["assignee"] = self.user(told.pop("assignee_id"))
            told["assigner"] = self.user(event.actor_id)
        return {
            "id": event.id, "node_id": node_id("EV", event.id),
            "url": f"{self.address(repository)}/issues/events/{event.id}", "actor": self.user(event.actor_id),
            "event": event.kind, "commit_id": None, "commit_url": None, "created_at": shown_time(event.created_at),
            "performed_via_github_app": None, **told,
        }  # fmt: skip
