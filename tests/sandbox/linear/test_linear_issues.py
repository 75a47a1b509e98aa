"""Creating, editing, archiving and deleting issues."""

from __future__ import annotations

import pytest

ID = "5f0e8c1a-7d4b-4c7e-9a51-3f2a90c1d2e3"


def test_created_issue_begins_in_the_teams_default_state(linear):
    issue = linear.create_issue("identifier number state { type } creator { isMe } createdAt updatedAt priorityLabel")
    assert issue["state"]["type"] == "backlog"
    assert issue["creator"]["isMe"] is True
    assert issue["createdAt"] == issue["updatedAt"] == "2026-07-22T10:00:00.000Z"
    assert issue["priorityLabel"] == "No priority"
    assert issue["identifier"] == f"ENG-{issue['number']}"


def test_client_made_id_is_kept_and_repeating_it_is_a_conflict(linear):
    assert linear.create_issue(id=ID)["id"] == ID
    given = {"id": ID, "teamId": linear.team()["id"], "title": "again"}
    error = linear.refusal("issueCreate", "success", input=("IssueCreateInput!", given))
    assert error["message"] == "conflict on insert of Issue"
    assert error["extensions"]["code"] == "INPUT_ERROR"
    assert error["extensions"]["userPresentableMessage"] == f"Entity Issue with id {ID} already exists."
    assert linear.issue(ID, "title")["title"] == "An issue"


def test_create_may_backdate_but_not_postdate(linear):
    done = linear.state("Done")
    created, completed = "2026-01-02T03:04:05.678Z", "2026-02-03T00:00:00.000Z"
    issue = linear.create_issue("createdAt completedAt", createdAt=created, completedAt=completed, stateId=done)
    assert issue == {"createdAt": created, "completedAt": completed}
    given = {"teamId": linear.team()["id"], "title": "x", "createdAt": "2026-07-23T00:00:00.000Z"}
    assert linear.refusal("issueCreate", "success", input=("IssueCreateInput!", given))["extensions"]["code"] == (
        "INVALID_INPUT"
    )


@pytest.mark.parametrize(
    "fields",
    [{"title": " "}, {"priority": 5}, {"priority": -1}, {"estimate": -2}, {"id": "not-a-uuid"}, {"stateId": ID},
     {"assigneeId": ID}, {"labelIds": [ID]}, {"projectId": ID}, {"parentId": ID}, {"cycleId": ID}],
)  # fmt: skip
def test_create_with_what_does_not_fit_is_refused_and_changes_nothing(linear, fields):
    before = linear.sandbox.items()
    given = {"teamId": linear.team()["id"], "title": "x", **fields}
    error = linear.refusal("issueCreate", "success", input=("IssueCreateInput!", given))
    assert error["extensions"]["code"] in ("INPUT_ERROR", "INVALID_INPUT")
    assert linear.sandbox.items() == before


def test_impossible_due_date_is_refused(linear):
    given = {"teamId": linear.team()["id"], "title": "x", "dueDate": "2026-02-30"}
    query = "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success } }"
    assert linear.post(query, input=given).status_code == 400


def test_omitted_fields_stay_and_null_clears(linear):
    user = linear.data("{ viewer { id } }")["viewer"]["id"]
    fields = {"dueDate": "2026-08-01", "estimate": 3, "assigneeId": user, "description": "Text"}
    issue = linear.create_issue(**fields)["id"]
    shown = "dueDate estimate assignee { id } description"
    kept = linear.update_issue(issue, shown, priority=1)
    assert kept == {"dueDate": "2026-08-01", "estimate": 3, "assignee": {"id": user}, "description": "Text"}
    cleared = linear.update_issue(issue, shown, **dict.fromkeys(fields))
    assert set(cleared.values()) == {None}


def test_updated_at_moves_only_when_something_changes(linear):
    issue = linear.create_issue(title="Same")["id"]
    linear.clock.advance(minutes=5)
    assert linear.update_issue(issue, "updatedAt", title="Same")["updatedAt"] == "2026-07-22T10:00:00.000Z"
    assert linear.update_issue(issue, "updatedAt", sortOrder=7.5)["updatedAt"] == "2026-07-22T10:00:00.000Z"
    assert linear.update_issue(issue, "updatedAt", title="Other")["updatedAt"] == "2026-07-22T10:05:00.000Z"


def test_comments_relations_and_attachments_do_not_move_updated_at(linear):
    issue, other = linear.create_issue()["id"], linear.create_issue()["id"]
    linear.clock.advance(minutes=5)
    linear.result("commentCreate", "success", input=("CommentCreateInput!", {"issueId": issue, "body": "x"}))
    relation = {"issueId": issue, "relatedIssueId": other, "type": "related"}
    linear.result("issueRelationCreate", "success", input=("IssueRelationCreateInput!", relation))
    link = {"issueId": issue, "url": "https://example.com", "title": "x"}
    linear.result("attachmentCreate", "success", input=("AttachmentCreateInput!", link))
    assert linear.issue(issue, "updatedAt")["updatedAt"] == "2026-07-22T10:00:00.000Z"


def test_states_set_and_clear_their_timestamps(linear):
    shown = "startedAt completedAt canceledAt startedTriageAt triagedAt"
    issue = linear.create_issue(stateId=linear.state("Triage"))["id"]
    assert linear.issue(issue, shown)["startedTriageAt"] == "2026-07-22T10:00:00.000Z"

    def move(state: str) -> dict[str, str | None]:
        linear.clock.advance(hours=1)
        return linear.update_issue(issue, shown, stateId=linear.state(state))

    started = move("In Progress")
    assert (started["startedAt"], started["triagedAt"]) == ("2026-07-22T11:00:00.000Z",) * 2
    done = move("Done")
    assert (done["startedAt"], done["completedAt"]) == ("2026-07-22T11:00:00.000Z", "2026-07-22T12:00:00.000Z")
    canceled = move("Canceled")
    assert (canceled["completedAt"], canceled["canceledAt"]) == (None, "2026-07-22T13:00:00.000Z")
    back = move("Todo")
    assert (back["startedAt"], back["completedAt"], back["canceledAt"]) == (None, None, None)


def test_state_of_another_team_is_refused(linear):
    issue = linear.create_issue()["id"]
    foreign = {"stateId": linear.state("Done", "OPS")}
    error = linear.refusal("issueUpdate", "success", id=("String!", issue), input=("IssueUpdateInput!", foreign))
    assert error["message"] == "Discrepancy between issue state and team"


def test_move_to_another_team_gives_a_new_identifier_and_remembers_the_old(linear):
    issue = linear.create_issue("id identifier", stateId=linear.state("In Review"))
    operations = linear.team("OPS")["id"]
    shown = "identifier previousIdentifiers state { name team { key } }"
    moved = linear.update_issue(issue["id"], shown, teamId=operations)
    assert moved == {
        "identifier": "OPS-1",
        "previousIdentifiers": [issue["identifier"]],
        "state": {"name": "In Review", "team": {"key": "OPS"}},
    }
    assert linear.issue(issue["identifier"], "id")["id"] == issue["id"]
    back = linear.update_issue(issue["id"], "identifier", teamId=linear.team()["id"])["identifier"]
    assert back not in ("OPS-1", issue["identifier"])


def test_identifiers_are_never_given_again(linear):
    gone = linear.create_issue()
    linear.result("issueDelete", "success", id=("String!", gone["id"]), permanentlyDelete=("Boolean", True))
    assert linear.create_issue()["identifier"] != gone["identifier"]


def test_labels_are_replaced_as_a_set_or_added_and_removed_one_by_one(linear):
    labels = [row["id"] for row in linear.data("{ issueLabels { nodes { id isGroup parent { id } } } }")["issueLabels"][
        "nodes"] if not row["isGroup"] and not row["parent"]]  # fmt: skip
    issue = linear.create_issue(labelIds=labels[:2])["id"]
    changed = linear.update_issue(issue, "labelIds", addedLabelIds=[labels[2]], removedLabelIds=[labels[0]])
    assert changed["labelIds"] == labels[1:3]
    for mutation in ("issueAddLabel", "issueAddLabel"):
        linear.result(mutation, "success", id=("String!", issue), labelId=("String!", labels[3]))
    linear.result("issueRemoveLabel", "success", id=("String!", issue), labelId=("String!", labels[1]))
    assert linear.issue(issue, "labelIds")["labelIds"] == labels[2:4]
    assert linear.update_issue(issue, "labelIds", labelIds=[])["labelIds"] == []


def test_only_one_label_of_a_group_fits_on_an_issue(linear):
    rows = linear.data("{ issueLabels { nodes { id isGroup parent { id } } } }")["issueLabels"]["nodes"]
    children = [row["id"] for row in rows if row["parent"]]
    group = next(row["id"] for row in rows if row["isGroup"])
    issue = linear.create_issue(labelIds=children[:1])["id"]
    for given, message in (
        ({"addedLabelIds": children[1:]}, "labelIds not exclusive child labels"),
        ({"addedLabelIds": [group]}, "The label is a group and cannot be applied"),
    ):
        error = linear.refusal("issueUpdate", "success", id=("String!", issue), input=("IssueUpdateInput!", given))
        assert error["message"] == message


def test_sub_issues_go_ten_levels_deep_and_never_in_circles(linear):
    chain = [linear.create_issue()["id"]]
    for _ in range(10):
        chain.append(linear.create_issue(parentId=chain[-1])["id"])
    given = {"teamId": linear.team()["id"], "title": "x", "parentId": chain[-1]}
    too_deep = linear.refusal("issueCreate", "success", input=("IssueCreateInput!", given))
    assert too_deep["message"] == "Sub-issues nested too deep"
    circle = {"parentId": chain[2]}
    error = linear.refusal("issueUpdate", "success", id=("String!", chain[0]), input=("IssueUpdateInput!", circle))
    assert error["message"] == "Circular parent relation"
    assert linear.issue(chain[0], "children { nodes { id } }")["children"]["nodes"] == [{"id": chain[1]}]


def test_milestone_must_be_of_the_issues_project_and_leaves_with_it(linear):
    projects = linear.data("{ projects { nodes { id projectMilestones { nodes { id } } } } }")["projects"]["nodes"]
    here, there = projects[:2]
    milestone = here["projectMilestones"]["nodes"][0]["id"]
    issue = linear.create_issue(projectId=here["id"], projectMilestoneId=milestone)["id"]
    foreign = {"projectMilestoneId": there["projectMilestones"]["nodes"][0]["id"]}
    error = linear.refusal("issueUpdate", "success", id=("String!", issue), input=("IssueUpdateInput!", foreign))
    assert error["message"] == "Discrepancy between project milestone and project"
    assert linear.update_issue(issue, "projectMilestone { id }", projectId=there["id"])["projectMilestone"] is None


def test_batch_create_makes_all_or_none(linear):
    team = linear.team()["id"]
    given = {"issues": [{"teamId": team, "title": "one"}, {"teamId": team, "title": "two"}]}
    made = linear.result("issueBatchCreate", "issues { title }", input=("IssueBatchCreateInput!", given))["issues"]
    assert [issue["title"] for issue in made] == ["one", "two"]
    before = len(linear.sandbox.items())
    for broken in (
        [{"teamId": team, "title": "good"}, {"teamId": team, "title": ""}],
        [{"teamId": team, "title": "x", "id": ID}] * 2,
        [{"teamId": team, "title": "x"}] * 51,
    ):
        linear.refusal("issueBatchCreate", "success", input=("IssueBatchCreateInput!", {"issues": broken}))
    assert len(linear.sandbox.items()) == before


def test_batch_update_gives_all_issues_the_same_values(linear):
    ids = [linear.create_issue()["id"] for _ in range(3)]
    given = {"ids": ("[UUID!]!", ids), "input": ("IssueUpdateInput!", {"priority": 2})}
    changed = linear.result("issueBatchUpdate", "issues { id priority }", **given)["issues"]
    assert changed == [{"id": issue, "priority": 2} for issue in ids]


def test_trashed_issue_stays_readable_for_30_days_and_then_is_gone(linear):
    issue = linear.create_issue()["id"]
    deleted = linear.result("issueDelete", "entity { trashed archivedAt } success", id=("String!", issue))
    assert deleted["entity"] == {"trashed": True, "archivedAt": "2026-07-22T10:00:00.000Z"}
    linear.clock.advance(days=29, hours=23)
    assert linear.issue(issue, "trashed")["trashed"] is True
    linear.clock.advance(hours=1)
    assert (
        linear.error("query($id: String!) { issue(id: $id) { id } }", id=issue)["message"] == "Entity not found: Issue"
    )


@pytest.mark.parametrize("how", ["issueUnarchive", "trashed null"])
def test_trashed_issue_can_be_restored(linear, how):
    issue = linear.create_issue()["id"]
    linear.update_issue(issue, trashed=True)
    assert linear.issue(issue, "trashed")["trashed"] is True
    if how == "issueUnarchive":
        linear.result("issueUnarchive", "success", id=("String!", issue))
    else:
        linear.update_issue(issue, trashed=None)
    linear.clock.advance(days=31)
    assert linear.issue(issue, "trashed archivedAt") == {"trashed": None, "archivedAt": None}


def test_last_sync_id_grows_with_every_write(linear):
    first, second = (
        linear.result(
            "issueUpdate", "lastSyncId", id=("String!", "ENG-1"), input=("IssueUpdateInput!", {"title": name})
        )
        for name in ("one", "two")
    )
    assert second["lastSyncId"] > first["lastSyncId"]


HISTORY = (
    "history { nodes { actor { isMe } fromTitle toTitle fromPriority toPriority toState { name } addedLabelIds } }"
)


def test_history_merges_what_one_person_changes_within_three_minutes(linear):
    issue = linear.create_issue(title="One")["id"]
    linear.update_issue(issue, title="Two")
    linear.clock.advance(minutes=2)
    linear.update_issue(issue, title="Three", priority=2)
    [entry] = linear.issue(issue, HISTORY)["history"]["nodes"]
    assert (entry["fromTitle"], entry["toTitle"]) == ("One", "Three")
    assert (entry["fromPriority"], entry["toPriority"]) == (0, 2)
    assert entry["actor"]["isMe"] is True
    linear.clock.advance(minutes=2)
    linear.update_issue(issue, stateId=linear.state("Done"))
    latest, _ = linear.issue(issue, HISTORY)["history"]["nodes"]
    assert latest["toState"]["name"] == "Done"
    assert latest["toTitle"] is None


def test_history_keeps_two_people_apart_and_forgets_what_was_undone(linear):
    issue = linear.create_issue(title="One")["id"]
    linear.update_issue(issue, title="Two", priority=1)
    linear.update_issue(issue, title="One")
    linear.sandbox.edit_item(issue, {"title": "By another"})
    by_other, by_me = sorted(linear.issue(issue, HISTORY)["history"]["nodes"], key=lambda entry: entry["actor"]["isMe"])
    assert (by_me["fromTitle"], by_me["toPriority"]) == (None, 1)
    assert (by_other["fromTitle"], by_other["toTitle"]) == ("One", "By another")


def test_state_history_tells_the_spans(linear):
    issue = linear.create_issue()["id"]
    linear.clock.advance(hours=1)
    linear.update_issue(issue, stateId=linear.state("Done"))
    spans = linear.issue(issue, "stateHistory { nodes { startedAt endedAt state { name } } }")["stateHistory"]["nodes"]
    assert [(span["state"]["name"], span["endedAt"]) for span in spans] == [
        ("Done", None),
        ("Backlog", "2026-07-22T11:00:00.000Z"),
    ]
