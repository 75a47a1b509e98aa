"""Types that are little more than a few values: webhooks, rate limits, spans and shares of an issue."""

from __future__ import annotations

from collections.abc import Mapping

from worklake.sandbox.linear.served import Field, Fields, constants, reference, values

_RATE_LIMIT = "type period allowedAmount requestedAmount remainingAmount reset"


def keyed(names: str) -> Fields:
    """Fields that show the entry of the same name of a mapping."""
    return {name: _entry(name) for name in names.split()}


def _entry(name: str) -> Field:
    return Field(lambda row, info: row[name])


SMALL: Mapping[str, Fields] = {
    "Webhook": {
        **values("id createdAt updatedAt archivedAt url resourceTypes secret label enabled allPublicTeams"),
        "team": reference("teams", "team_id"),
        "creator": reference("users", "creator_id"),
    },
    "IssueSharedAccess": values(
        "isShared sharedWithCount sharedWithUsers viewerHasOnlySharedAccess disallowedIssueFields"
    ),
    "IssueStateSpan": {
        **values("id startedAt endedAt stateId"),
        "state": reference("states", "state_id"),
    },
    "IssueRelationHistoryPayload": keyed("identifier type"),
    "IssuePriorityValue": keyed("priority label"),
    "ArchiveResponse": constants(archive="{}", totalCount=0, databaseVersion=1, includesDependencies=[]),
    "RateLimitPayload": keyed("identifier kind limits"),
    "RateLimitResultPayload": keyed(_RATE_LIMIT),
}
