"""What became of issues that no listing shows, and where those are that only their id is known of."""

from __future__ import annotations

import pytest

from tests.integrations.github.team import DELETE, TRANSFER, WEB, Team
from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Found, LastSeen, Where


def seen(team: Team, issue: dict) -> LastSeen:
    view = team.view(team.source.read(str(issue["id"])))
    return LastSeen(str(issue["id"]), view.key, view.fields)


def found(team: Team, *items: LastSeen) -> list[Found]:
    return list(team.anew().source.find_out(items))


def transfer(team: Team, issue: dict, repository: str) -> str:
    target = team.does("GET", f"/repos/{repository}")["node_id"]
    moved = team.asks(TRANSFER, issue=issue["node_id"], to=target)["transferIssue"]["issue"]
    return str(moved["databaseId"])


def test_a_deleted_issue_is_deleted_for_certain(team: Team):
    issue = team.opens()
    last = seen(team, issue)
    team.asks(DELETE, id=issue["node_id"])
    (one,) = found(team, last)
    assert (one.where, one.item) == (Where.DELETED, None)
    assert "410" in one.why


def test_an_issue_in_a_repository_that_cannot_be_read_is_not(team: Team):
    last = seen(team, team.opens())
    team.suffers({"path": "^/repos/team/web", "status": 404})
    assert [one.where for one in found(team, last)] == [Where.NO_ACCESS]
    team.suffers()
    team.does("PATCH", WEB, has_issues=False)
    assert [one.where for one in found(team, last)] == [Where.NO_ACCESS]


def test_an_issue_that_went_where_the_settings_do_not_look_has_moved(team: Team):
    issue = team.opens()
    last = seen(team, issue)
    transfer(team, issue, "team/api")
    (one,) = found(team, last)
    assert one.where is Where.MOVED and one.item is not None
    assert "team/api" in str(team.source.outside(one.item))


def test_an_issue_that_was_transferred_within_the_settings_gave_way_to_another(team: Team):
    issue = team.opens()
    last = seen(team, issue)
    target = transfer(team, issue, "team/api")
    both = team.anew(repositories=["team/web", "team/api"])
    (one,) = both.source.find_out([last])
    assert one.item is not None and one.item.external_id == last.external_id
    assert both.view(one.item).moved_to == target
    assert target in list(both.source.list_ids())
    with pytest.raises(NotFoundError, match="transferred"):
        both.source.read(last.external_id)


def test_an_issue_is_found_under_the_new_name_of_its_repository(team: Team):
    last = seen(team, team.opens())
    team.does("PATCH", WEB, name="shop")
    (one,) = found(team, last)
    assert one.where is Where.THERE and one.item is not None
    assert team.anew().source.outside(one.item) is None


def test_an_issue_that_is_recalled_costs_one_call_and_any_other_a_search(team: Team):
    issue = team.opens()
    last = seen(team, issue)
    recalled = team.anew()
    recalled.source.recall(last.external_id, str(last.key), last.fields)
    recalled.source.read(last.external_id)
    assert recalled.asked() == [("GET /repos/:repo/issues/:id", 200)]
    unknown = team.anew()
    unknown.source.read(last.external_id)
    assert unknown.asked() == [("GET /repos/:repo/issues", 200), ("GET /repos/:repo/issues/:id", 200)]
    newer = team.opens()
    unknown.source.read(str(newer["id"]))
    with pytest.raises(NotFoundError, match="ids are GitHub's global numbers"):
        unknown.source.read("999999999")


def test_access_that_is_refused_is_no_deletion(team: Team):
    last = seen(team, team.opens())
    team.suffers({"method": "GET", "path": "/issues/", "status": 403, "body": {"message": "Forbidden"}})
    assert [one.where for one in found(team, last)] == [Where.NO_ACCESS]
    with pytest.raises(AccessError):
        team.anew().source.read_many([last.external_id]).__next__()


def test_which_keys_the_settings_cover(team: Team):
    server = team.source.lens.addresses.server
    assert team.source.covers(f"{server}/team/web#1") and not team.source.covers(f"{server}/team/api#1")
    assert not team.source.covers("gitlab.com/team/web#1")
