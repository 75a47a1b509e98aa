"""What GitLab's GraphQL tells of where issues are, which its REST tells administrators only."""

from __future__ import annotations

from typing import Any

from tests.support.sandbox import Api, InProcess


def _ask(api: Api, query: str, **variables: Any) -> dict[str, Any]:
    answer = api.post(f"{api.base.removesuffix('/api/v4')}/api/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    return answer.json()


def test_issue_is_read_by_its_global_id(gitlab: InProcess, api: Api):
    row = api.get("/projects/team%2Fweb/issues").json()[0]
    query = "query A($id: IssueID!) { issue(id: $id) { iid projectId } }"
    told = _ask(api, query, id=f"gid://gitlab/Issue/{row['id']}")
    assert told == {"data": {"issue": {"iid": str(row["iid"]), "projectId": row["project_id"]}}}
    with Api(api.base, gitlab.provider.tokens["read_only"]) as reader:
        assert _ask(reader, query, id=f"gid://gitlab/Issue/{row['id']}") == told


def test_rest_keeps_the_global_id_for_administrators(api: Api):
    number = api.get("/projects/team%2Fweb/issues").json()[0]["id"]
    assert api.get(f"/issues/{number}").status_code == 403


def test_what_is_not_there_or_hidden_is_null(gitlab: InProcess, api: Api):
    secret = gitlab.provider.create_item({"title": "Secret", "confidential": True})
    query = (
        f'{{ a: issue(id: "gid://gitlab/Issue/{secret}") {{ iid }} b: issue(id: "gid://gitlab/Issue/1") {{ iid }} }}'
    )
    assert _ask(api, query)["data"]["a"] is not None
    with Api(api.base, gitlab.provider.tokens["guest"]) as guest:
        assert _ask(guest, query)["data"] == {"a": None, "b": None}


def test_query_that_asks_for_too_much_is_refused_whole(api: Api):
    def asked(count: int) -> str:
        many = (f'_{n}: issue(id: "gid://gitlab/Issue/{n}") {{ iid projectId }}' for n in range(count))
        return f"{{ {' '.join(many)} }}"

    assert "data" in _ask(api, asked(83))
    assert "complexity" in _ask(api, asked(84))["errors"][0]["message"]


def test_id_of_another_form_is_an_error(api: Api):
    assert "does not represent" in _ask(api, '{ issue(id: "12") { iid } }')["errors"][0]["message"]
