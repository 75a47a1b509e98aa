"""Comments, links, labels, states, projects and milestones."""

from __future__ import annotations

import pytest

ID = "5f0e8c1a-7d4b-4c7e-9a51-3f2a90c1d2e3"
LATER = "2026-07-22T10:10:00.000Z"


def comment_on(linear, issue, selection="id", **fields):
    given = {"issueId": issue, "body": "A remark", **fields}
    return linear.result("commentCreate", f"comment {{ {selection} }}", input=("CommentCreateInput!", given))["comment"]


def relate(linear, one, other, kind="blocks"):
    given = {"issueId": one, "relatedIssueId": other, "type": kind}
    return linear.result("issueRelationCreate", "issueRelation { id type }", input=("IssueRelationCreateInput!", given))


def attach(linear, issue, selection="id", **fields):
    given = {"issueId": issue, "url": "https://example.com/1", "title": "One", **fields}
    created = linear.result(
        "attachmentCreate", f"attachment {{ {selection} }}", input=("AttachmentCreateInput!", given)
    )
    return created["attachment"]


def create_label(linear, selection="id", **fields):
    created = linear.result(
        "issueLabelCreate", f"issueLabel {{ {selection} }}", input=("IssueLabelCreateInput!", fields)
    )
    return created["issueLabel"]


def test_comment_is_created_edited_and_deleted(linear):
    issue = linear.create_issue()["id"]
    comment = comment_on(linear, issue, "id body issue { id } user { isMe } editedAt url")
    assert comment["issue"] == {"id": issue}
    assert comment["user"] == {"isMe": True}
    assert comment["editedAt"] is None
    assert comment["url"].endswith(f"#comment-{comment['id'][:8]}")
    linear.clock.advance(minutes=10)
    edit = {"id": ("String!", comment["id"]), "input": ("CommentUpdateInput!", {"body": "Better"})}
    edited = linear.result("commentUpdate", "comment { body editedAt updatedAt }", **edit)["comment"]
    assert edited == {"body": "Better", "editedAt": LATER, "updatedAt": LATER}
    assert linear.result("commentDelete", "entityId", id=("String!", comment["id"]))["entityId"] == comment["id"]
    assert linear.issue(issue, "comments { nodes { id } }")["comments"]["nodes"] == []


def test_answers_form_a_thread_one_level_deep_and_go_with_their_comment(linear):
    issue = linear.create_issue()["id"]
    top = comment_on(linear, issue)["id"]
    answer = comment_on(linear, issue, "id parentId", parentId=top)
    assert answer["parentId"] == top
    given = {"issueId": issue, "body": "x", "parentId": answer["id"]}
    refused = linear.refusal("commentCreate", "success", input=("CommentCreateInput!", given))
    assert refused["extensions"]["code"] == "INVALID_INPUT"
    linear.result("commentDelete", "success", id=("String!", top))
    assert linear.issue(issue, "comments { nodes { id } }")["comments"]["nodes"] == []


def test_comment_is_resolved_and_unresolved(linear):
    comment = comment_on(linear, linear.create_issue()["id"])["id"]
    shown = "comment { resolvedAt resolvingUser { isMe } }"
    resolved = linear.result("commentResolve", shown, id=("String!", comment))["comment"]
    assert resolved == {"resolvedAt": "2026-07-22T10:00:00.000Z", "resolvingUser": {"isMe": True}}
    unresolved = linear.result("commentUnresolve", shown, id=("String!", comment))["comment"]
    assert unresolved == {"resolvedAt": None, "resolvingUser": None}


def test_client_made_ids_of_comments_labels_projects_relations_and_attachments_conflict_when_repeated(linear):
    team, issue, other = linear.team()["id"], linear.create_issue()["id"], linear.create_issue()["id"]
    creates = {
        "commentCreate": ("Comment", {"issueId": issue, "body": "x"}),
        "issueLabelCreate": ("IssueLabel", {"name": "fresh"}),
        "projectCreate": ("Project", {"name": "P", "teamIds": [team]}),
        "issueRelationCreate": ("IssueRelation", {"issueId": issue, "relatedIssueId": other, "type": "related"}),
        "attachmentCreate": ("Attachment", {"issueId": issue, "url": "a:b", "title": "t"}),
    }
    for mutation, (entity, given) in creates.items():
        given["id"] = ID
        linear.result(mutation, "success", input=(f"{entity}CreateInput!", given))
        again = {**given, "url": "c:d"} if entity == "Attachment" else given
        error = linear.refusal(mutation, "success", input=(f"{entity}CreateInput!", again))
        assert error["message"] == f"conflict on insert of {entity}"


def test_relation_shows_on_both_issues_and_in_their_history(linear):
    blocker, blocked = linear.create_issue(), linear.create_issue()
    relation = relate(linear, blocker["identifier"], blocked["id"])["issueRelation"]
    assert relation["type"] == "blocks"
    shown = """relations { nodes { relatedIssue { id } } } inverseRelations { nodes { type issue { id } } }
      history { nodes { relationChanges { identifier type } } }"""
    one, other = linear.issue(blocker["id"], shown), linear.issue(blocked["id"], shown)
    assert one["relations"]["nodes"] == [{"relatedIssue": {"id": blocked["id"]}}]
    assert other["inverseRelations"]["nodes"] == [{"type": "blocks", "issue": {"id": blocker["id"]}}]
    assert one["history"]["nodes"][0]["relationChanges"][0]["identifier"] == blocked["identifier"]
    linear.result("issueRelationDelete", "entityId", id=("String!", relation["id"]))
    assert linear.issue(blocker["id"], "relations { nodes { id } }")["relations"]["nodes"] == []


def test_relation_that_is_there_or_leads_to_itself_is_refused(linear):
    one, other = linear.create_issue()["id"], linear.create_issue()["id"]
    relate(linear, one, other)
    for target in (other, one):
        given = {"issueId": one, "relatedIssueId": target, "type": "blocks"}
        error = linear.refusal("issueRelationCreate", "success", input=("IssueRelationCreateInput!", given))
        assert error["extensions"]["code"] == "INPUT_ERROR"


def test_relation_can_change_its_type(linear):
    one, other = linear.create_issue()["id"], linear.create_issue()["id"]
    relation = relate(linear, one, other)["issueRelation"]["id"]
    update = {"id": ("String!", relation), "input": ("IssueRelationUpdateInput!", {"type": "related"})}
    assert (
        linear.result("issueRelationUpdate", "issueRelation { type }", **update)["issueRelation"]["type"] == "related"
    )


def test_duplicate_moves_to_the_duplicate_state(linear):
    copy, original = linear.create_issue()["id"], linear.create_issue()["id"]
    relate(linear, copy, original, "duplicate")
    moved = linear.issue(copy, "state { type } canceledAt")
    assert moved == {"state": {"type": "duplicate"}, "canceledAt": "2026-07-22T10:00:00.000Z"}


def test_attachment_with_the_same_url_updates_the_one_that_is_there(linear):
    issue, other = linear.create_issue()["id"], linear.create_issue()["id"]
    first = attach(linear, issue, metadata={"task": {"id": "t-1"}})
    second = attach(linear, issue, "id title metadata", title="Two", metadata={"task": {"id": "t-2"}})
    assert second == {"id": first["id"], "title": "Two", "metadata": {"task": {"id": "t-2"}}}
    attach(linear, other)
    query = '{ attachmentsForURL(url: "https://example.com/1") { nodes { issue { id } } } }'
    found = linear.data(query)["attachmentsForURL"]["nodes"]
    assert {attachment["issue"]["id"] for attachment in found} == {issue, other}


def test_attachment_is_updated_linked_and_deleted(linear):
    issue = linear.create_issue()["id"]
    attachment = attach(linear, issue)["id"]
    update = {"id": ("String!", attachment), "input": ("AttachmentUpdateInput!", {"title": "New", "subtitle": "s"})}
    assert linear.result("attachmentUpdate", "attachment { title subtitle }", **update)["attachment"] == {
        "title": "New",
        "subtitle": "s",
    }
    link = {"issueId": ("String!", issue), "url": ("String!", "worklake:t-1")}
    assert linear.result("attachmentLinkURL", "attachment { title }", **link)["attachment"]["title"] == "worklake:t-1"
    linear.result("attachmentDelete", "success", id=("String!", attachment))
    assert len(linear.issue(issue, "attachments { nodes { id } }")["attachments"]["nodes"]) == 1


def test_label_is_created_renamed_retired_and_deleted(linear):
    label = create_label(linear, name="Flaky", color="#123456")["id"]
    issue = linear.create_issue(labelIds=[label])["id"]
    edit = {"id": ("String!", label), "input": ("IssueLabelUpdateInput!", {"name": "Flaky test"})}
    assert linear.result("issueLabelUpdate", "issueLabel { name }", **edit)["issueLabel"]["name"] == "Flaky test"
    retired = linear.result("issueLabelRetire", "issueLabel { retiredBy { isMe } }", id=("String!", label))
    assert retired["issueLabel"]["retiredBy"] == {"isMe": True}
    given = {"teamId": linear.team()["id"], "title": "x", "labelIds": [label]}
    refused = linear.refusal("issueCreate", "success", input=("IssueCreateInput!", given))
    assert refused["message"] == "The label is retired and cannot be applied"
    linear.result("issueLabelRestore", "success", id=("String!", label))
    linear.result("issueLabelDelete", "success", id=("String!", label))
    assert linear.issue(issue, "labelIds labels { nodes { id } }") == {"labelIds": [], "labels": {"nodes": []}}


def test_label_name_is_taken_once_regardless_of_case(linear):
    create_label(linear, name="Flaky")
    error = linear.refusal("issueLabelCreate", "success", input=("IssueLabelCreateInput!", {"name": "FLAKY"}))
    assert error["message"] == "Duplicate label name"


def test_label_of_a_team_fits_only_its_issues_and_stays_behind_when_they_move(linear):
    ours, theirs = linear.team()["id"], linear.team("OPS")["id"]
    label = create_label(linear, name="Ours", teamId=ours)["id"]
    issue = linear.create_issue(labelIds=[label])["id"]
    given = {"teamId": theirs, "title": "x", "labelIds": [label]}
    assert linear.refusal("issueCreate", "success", input=("IssueCreateInput!", given))["extensions"]["code"] == (
        "INPUT_ERROR"
    )
    assert linear.update_issue(issue, "labelIds", teamId=theirs)["labelIds"] == []


def test_label_group_takes_labels_and_no_others(linear):
    group = create_label(linear, name="Size", isGroup=True)["id"]
    child = create_label(linear, "id parent { id }", name="Small", parentId=group)
    assert child["parent"] == {"id": group}
    given = {"name": "Tiny", "parentId": child["id"]}
    error = linear.refusal("issueLabelCreate", "success", input=("IssueLabelCreateInput!", given))
    assert error["message"] == "Parent label is not a group"


def test_workflow_state_is_created_changed_and_archived_when_empty(linear):
    team = linear.team()["id"]
    given = {"teamId": team, "name": "Blocked", "type": "started", "color": "#ff0000"}
    state = linear.result(
        "workflowStateCreate", "workflowState { id position }", input=("WorkflowStateCreateInput!", given)
    )
    identity = state["workflowState"]["id"]
    issue = linear.create_issue(stateId=identity)["id"]
    refused = linear.refusal("workflowStateArchive", "success", id=("String!", identity))
    assert refused["message"] == "Cannot archive a state with active issues"
    linear.update_issue(issue, stateId=linear.state("Done"))
    edit = {"id": ("String!", identity), "input": ("WorkflowStateUpdateInput!", {"name": "Waiting"})}
    assert linear.result("workflowStateUpdate", "workflowState { name }", **edit)["workflowState"]["name"] == "Waiting"
    assert linear.result("workflowStateArchive", "entity { archivedAt }", id=("String!", identity))["entity"][
        "archivedAt"
    ]
    assert "Waiting" not in [state["name"] for state in linear.team()["states"]["nodes"]]


def test_project_runs_through_its_statuses(linear):
    statuses = linear.data("{ projectStatuses { nodes { id type } } }")["projectStatuses"]["nodes"]
    by_type = {status["type"]: status["id"] for status in statuses}
    given = {"name": "Lakehouse", "teamIds": [linear.team()["id"]], "targetDate": "2026-12-24", "content": "* a"}
    shown = "project { id state targetDate content slugId url startedAt completedAt }"
    project = linear.result("projectCreate", shown, input=("ProjectCreateInput!", given))["project"]
    assert (project["state"], project["targetDate"], project["content"]) == ("backlog", "2026-12-24", "- a")
    assert project["url"] == f"https://linear.app/team/project/lakehouse-{project['slugId']}"
    for kind in ("started", "completed"):
        edit = {"id": ("String!", project["id"]), "input": ("ProjectUpdateInput!", {"statusId": by_type[kind]})}
        changed = linear.result("projectUpdate", shown, **edit)["project"]
    assert (changed["startedAt"], changed["completedAt"]) == ("2026-07-22T10:00:00.000Z",) * 2


def test_deleted_project_is_hidden_and_can_be_brought_back(linear):
    project = linear.data("{ projects(first: 1) { nodes { id } } }")["projects"]["nodes"][0]["id"]
    shown = "query($all: Boolean) { projects(includeArchived: $all) { nodes { id trashed } } }"
    linear.result("projectDelete", "entity { trashed }", id=("String!", project))
    assert project not in [row["id"] for row in linear.data(shown)["projects"]["nodes"]]
    assert {"id": project, "trashed": True} in linear.data(shown, all=True)["projects"]["nodes"]
    linear.result("projectUnarchive", "success", id=("String!", project))
    assert project in [row["id"] for row in linear.data(shown)["projects"]["nodes"]]


def test_milestone_is_created_moved_in_time_and_deleted_under_its_issues(linear):
    project = linear.data("{ projects(first: 1) { nodes { id } } }")["projects"]["nodes"][0]["id"]
    given = {"projectId": project, "name": "Launch", "targetDate": "2026-07-01"}
    shown = "projectMilestone { id status targetDate }"
    created = linear.result("projectMilestoneCreate", shown, input=("ProjectMilestoneCreateInput!", given))
    milestone = created["projectMilestone"]
    assert milestone["status"] == "overdue"
    issue = linear.create_issue(projectId=project, projectMilestoneId=milestone["id"])["id"]
    edit = {"id": ("String!", milestone["id"]), "input": ("ProjectMilestoneUpdateInput!", {"targetDate": "P1M"})}
    assert linear.result("projectMilestoneUpdate", shown, **edit)["projectMilestone"]["targetDate"] == "2026-08-22"
    linear.update_issue(issue, stateId=linear.state("Done"))
    query = "query($id: String!) { projectMilestone(id: $id) { status progress } }"
    assert linear.data(query, id=milestone["id"])["projectMilestone"]["status"] == "done"
    linear.result("projectMilestoneDelete", "success", id=("String!", milestone["id"]))
    assert linear.issue(issue, "projectMilestone { id }")["projectMilestone"] is None


def test_progress_counts_completed_points_whole_and_started_ones_a_quarter(linear):
    given = {"name": "Measured", "teamIds": [linear.team()["id"]]}
    project = linear.result("projectCreate", "project { id }", input=("ProjectCreateInput!", given))["project"]["id"]
    for state, points in (("Done", 3), ("In Progress", 4), ("Todo", 1), ("Canceled", 8)):
        linear.create_issue(projectId=project, stateId=linear.state(state), estimate=points)
    query = "query($id: String!) { project(id: $id) { progress scope issues { nodes { id } } } }"
    found = linear.data(query, id=project)["project"]
    assert found["progress"] == pytest.approx((3 + 4 / 4) / 8)
    assert len(found["issues"]["nodes"]) == 4
