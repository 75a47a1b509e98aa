"""What a link remembers of the settings with which its item was read."""

from __future__ import annotations

from pydantic import SecretStr

from worklake.integrations.github import GitHubIntegration
from worklake.integrations.github.settings import GitHubSettings
from worklake.integrations.http import Http
from worklake.integrations.views import TaskView
from worklake.model.rows import LinkState
from worklake.sync.heart.linking import link_moved
from worklake.sync.heart.observed import reread_fields
from worklake.sync.heart.ports import Observation, Port
from worklake.sync.heart.store import StoredLink


def test_field_that_cannot_be_read_with_other_settings_yet_is_read_anew_once_it_can_be() -> None:
    settings = GitHubSettings(token="env:X", repositories=("team/web",), project={"owner": "team", "number": 1})
    http = Http("github", settings.base_url, SecretStr("x"), GitHubIntegration.wire, meter=lambda call: None)
    port = Port("github", 0, GitHubIntegration("github", settings, http))
    before = {"title": "One", "status": "started"}
    link = StoredLink("github", "1", "task", LinkState.LINKED, before, mapping="labels")

    def shows(**fields: str) -> Observation:
        return Observation("github", "1", TaskView(dict(fields), None, None, None, None, None, None), 1)

    unread = link_moved(link, shows(title="Two"), port)
    assert unread.seen == {"title": "Two", "status": "started"}
    assert "status" in reread_fields(unread, shows(title="Two", status="unstarted"), port)
    read = link_moved(unread, shows(title="Two", status="unstarted"), port)
    assert reread_fields(read, shows(title="Two", status="started"), port) == frozenset()
    assert reread_fields(link_moved(read, shows(title="Two"), port), shows(title="Two", status="started"), port) == (
        frozenset()
    ), "the settings are as they were: what is shown next was edited"
