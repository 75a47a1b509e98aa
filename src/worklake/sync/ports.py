"""A run's sources and settings as the heart is given them, and its store over the lake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from worklake.lake.lake import Lake
from worklake.sync.cursors import unmerged
from worklake.sync.heart.ports import Port, Ports, Route, Rules, stays
from worklake.sync.lake_store import LakeStore, nothing
from worklake.sync.proposed import undecided
from worklake.sync.pull import is_whole
from worklake.sync.run import RunContext


def ports_of(lake: Lake, run: RunContext) -> Ports:
    """Every configured source, whether this run asks it or not, with the people behind its accounts."""
    people: dict[str, dict[str, str]] = defaultdict(dict)
    called: dict[str, dict[str, str]] = defaultdict(dict)
    rows = lake.rows("select source, external_id, person_id, username, email, name from {people}")
    for row in rows:
        people[row["source"]][row["external_id"]] = row["person_id"]
        called[row["source"]][row["external_id"]] = row["name"]
    aliases = _aliases(rows)
    everyone = (*run.sources, *run.elsewhere)
    asked = {one.name for one in run.sources if one.unreachable is None}
    return {
        one.name: Port(
            one.name,
            one.rank,
            one.integration,
            people[one.name],
            asked=one.name in asked,
            drift=run.drift_of(one),
            on_delete=one.on_delete,
            aliases=aliases,
            called=called[one.name],
        )
        for one in everyone
    }


def _aliases(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Ids by which tasks may know people from before their accounts were known as they are now, and those of today."""
    today = {row["person_id"] for row in rows}
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        source, account = row["source"], row["external_id"]
        former = {f"{source}:{account}", f"{account}@{source}"}
        former |= {f"{row['username']}@{source}"} if row["username"] else set()
        former |= {row["email"].lower()} if row["email"] else set()
        for one in former - today:
            found[one].add(row["person_id"])
    return {alias: persons.pop() for alias, persons in found.items() if len(persons) == 1}


def rules_of(run: RunContext, route: Route = stays) -> Rules:
    """What the run's settings say."""
    return Rules(fields=run.policy.fields, route=route, brake=run.policy.brake, comments=run.policy.comments.mirror)


def with_unknowns(lake: Lake, run: RunContext, rules: Rules) -> Rules:
    """The same rules, with the tasks and sources of which nobody knows what is there already: those that were not read
    to their end, and those of which not all that was read is merged.
    """
    unread = {one.name for one in run.sources if not is_whole(lake, run, one)}
    return replace(rules, undecided=undecided(lake), unread=frozenset(unread | unmerged(lake, run)))


def store_of(lake: Lake, run: RunContext, begin: Callable[[], None] = nothing) -> LakeStore:
    """The heart's store over this lake. `begin` is called before it writes anything."""
    providers = {one.name: one.provider for one in (*run.sources, *run.elsewhere)}
    return LakeStore(lake, run.run_id, run.clock, providers, run.touched, begin)
