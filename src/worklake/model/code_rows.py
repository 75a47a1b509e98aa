"""The rows of `merge_requests`, `commits` and `code_links`: code, and which tasks it names."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from worklake.model.rows import Row


class MergeRequest(Row):
    """A merge request of GitLab, or a pull request of GitHub."""

    source: str = Field(description="Name of the source in the settings")
    external_id: str = Field(description="The provider's id of it; of a pull request that of its issue")
    key: str = Field(description="What people call it, with its host: gitlab.com/team/web!12, github.com/team/web#12")
    title: str = Field(description="Its title")
    description: str | None = Field(description="Its text, in Markdown")
    state: str = Field(description="opened, merged or closed")
    draft: bool = Field(description="Whether it says that it is not ready yet")
    project: str = Field(description="The path of its project")
    source_branch: str | None = Field(description="The branch that is merged, where it is known")
    target_branch: str | None = Field(description="The branch that it is merged into, where it is known")
    into_default: bool | None = Field(description="Whether that is its project's default branch; null where not known")
    author: str | None = Field(description="Person id of who opened it")
    milestone: str | None = Field(description="Title of its milestone")
    url: str | None = Field(description="Where a person sees it")
    created_at: datetime | None = Field(description="When it was opened")
    updated_at: datetime | None = Field(description="When it last changed, as its source says")
    merged_at: datetime | None = Field(description="When it was merged")
    closed_at: datetime | None = Field(description="When it was closed; GitHub closes what it merges")
    merged_by: str | None = Field(description="Person id of who merged it, where the source says so")
    record_hash: str = Field(description="Hash of the record this was read from")


class Commit(Row):
    """A commit of a default branch whose message names an item of a tool."""

    source: str = Field(description="Name of the source in the settings")
    external_id: str = Field(
        description="Id of the project and sha, as forks share commits and names change: 101@1a2b3c"
    )
    sha: str = Field(description="Its sha")
    project: str = Field(description="The path of its project")
    title: str = Field(description="The first line of its message")
    message: str = Field(description="All of its message")
    author: str | None = Field(description="Name of who wrote it, as git has it")
    committed_at: datetime | None = Field(description="When it was committed, as git has it")
    url: str | None = Field(description="Where a person sees it")
    record_hash: str = Field(description="Hash of the record this was read from")


class CodeLink(Row):
    """A merge request or commit names an item of a tool, and by that a task, once one is known by this name."""

    source: str = Field(description="Name of the source of the merge request or commit")
    kind: str = Field(description="merge_request or commit")
    external_id: str = Field(description="The external id of the merge request or commit")
    key: str = Field(description="The key that it names, in small letters: gitlab.com/team/web#12, or just eng-12")
    named: str = Field(description="The name as it stands there: #12, ENG-12, a URL")
    how: str = Field(description="closes (Fixes #12), branch (in the branch's name) or mentions")
    task_id: str | None = Field(description="The task that is known by this key; null as long as none, or several, are")
    judged: bool = Field(
        description="Whether the rules for what is merged were asked about it: once, when it is merged"
    )
    run_id: str = Field(description="The run that last changed the row")
