"""What became of issues that no listing shows.

GitHub says 410 of what was deleted, 404 of what it hides, and sends on from what was transferred to the new issue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Found, Item, LastSeen, Payload, Where
from worklake.integrations.github.addresses import Addresses, place_of
from worklake.integrations.github.client import GitHubClient, external_id
from worklake.integrations.github.issues import Issues, TransferredError, issue_item
from worklake.integrations.github.mapping import MOVED_TO


class Whereabouts:
    """Looks at the repositories that issues were in. Each is asked for once in a sweep."""

    def __init__(self, client: GitHubClient, issues: Issues, repositories: Sequence[str], addresses: Addresses) -> None:
        self._client, self._issues, self._addresses = client, issues, addresses
        self._repositories = repositories
        self._known: dict[str, Payload | None] = {}

    def find_out(self, items: Sequence[LastSeen]) -> Iterator[Found]:
        """What became of each of these issues. What could be read a moment ago may be hidden now."""
        self._known.clear()
        for one in items:
            place = self._addresses.place_of(one.key) if one.key is not None else None
            if place is not None:
                self._issues.recall(one.external_id, place)
        for one in items:
            yield self._find_out(one)

    def _find_out(self, one: LastSeen) -> Found:
        try:
            item = self._issues.read(one.external_id)
        except AccessError as error:
            return Found(one.external_id, Where.NO_ACCESS, None, str(error))
        except TransferredError as error:
            return self._transferred(one, error)
        except NotFoundError as error:
            return self._gone(one, str(error))
        return Found(one.external_id, *self.place_of(item))

    def place_of(self, item: Item) -> tuple[Where, Item, str]:
        """Whether an issue is in one of the repositories of the settings."""
        outside = self.outside(item)
        return (Where.THERE, item, "") if outside is None else (Where.MOVED, item, outside)

    def outside(self, item: Item) -> str | None:
        """In which repository an issue is that is in none of the settings' repositories, under whatever name."""
        place = place_of(item.payload)
        if place is None or self._names(place.repository):
            return None
        for name in self._repositories:
            found = self._repository(name)
            if found is not None and str(found.get("full_name")).lower() == place.repository.lower():
                return None
        return f"it is in the repository {place.repository}, which the settings do not name"

    def covers(self, key: str) -> bool:
        """Whether a key tells by itself that its issue is in one of the settings' repositories."""
        place = self._addresses.place_of(key)
        return place is not None and self._names(place.repository)

    def _transferred(self, one: LastSeen, error: TransferredError) -> Found:
        """Another issue stands for it. In a repository of the settings it takes its place."""
        item = issue_item(error.payload)
        if self.outside(item) is not None:
            return Found(one.external_id, Where.MOVED, item, str(error))
        target = external_id(error.payload)
        if target is None:
            return Found(one.external_id, Where.NO_ACCESS, None, str(error))
        moved = {**error.payload, "id": int(one.external_id), MOVED_TO: int(target)}
        return Found(one.external_id, Where.DELETED, Item(item.kind, one.external_id, moved), str(error))

    def _gone(self, one: LastSeen, why: str) -> Found:
        """Deleted, where the repository that the issue was in can be read and would show it."""
        place = self._addresses.place_of(one.key) if one.key is not None else None
        for name in [place.repository] if place is not None else self._repositories:
            found = self._repository(name)
            reason = None
            if found is None:
                reason = f"the repository {name} cannot be read, so nobody can tell"
            elif found.get("has_issues") is False:
                reason = f"the repository {name} has its issues switched off"
            if reason is not None:
                return Found(one.external_id, Where.NO_ACCESS, None, f"{self._client.source}: {reason}")
        return Found(one.external_id, Where.DELETED, None, why)

    def _names(self, repository: str) -> bool:
        return repository.lower() in {one.lower() for one in self._repositories}

    def _repository(self, name: str) -> Payload | None:
        if name not in self._known:
            try:
                self._known[name] = self._client.get(f"/repos/{name}")
            except (AccessError, NotFoundError):
                self._known[name] = None
        return self._known[name]
