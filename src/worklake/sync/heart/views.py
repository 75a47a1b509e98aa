"""From a provider's lens to the resolution that the rules reckon with: canonical ids on both sides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from worklake.integrations.base import BaseIntegration, Lens
from worklake.model.fields import FIELDS, Fields, FieldValue
from worklake.sync.heart.store import Loaded, Store, StoredLink
from worklake.sync.rules.plan import creating_key
from worklake.sync.rules.state import ItemKey, TaskState
from worklake.sync.rules.values import elements, referred

_REFERENCES = {name: spec.reference for name, spec in FIELDS.items() if spec.reference is not None}
_REFERRING = frozenset(_REFERENCES)
_KEPT_IF_UNKNOWN = tuple(name for name in _REFERENCES if name != "blocked_by")
_Translate = Callable[[str, str], str | None]
"""Gives the other id of a person or task, by what it is and its id."""
_TASKS = tuple(name for name, kind in _REFERENCES.items() if kind == "task")


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what a source's ids are: accounts to people, items to tasks.

    What is unknown is opaque: `source:id`, which no other source can show. So is, for an item of the task `of_task`,
    another item of the same task: no task has to do with itself. The item itself, `itself`, refers to others only.
    """

    source: str
    people: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    of_task: str | None = None
    itself: str | None = None

    def at(self, link: StoredLink) -> Names:
        """The names as this item uses them."""
        return replace(self, of_task=link.task_id, itself=link.external_id)

    def expecting(self, tasks: Iterable[str]) -> Names:
        """The names once items of these tasks are made here: until their ids are known, others stand for them."""
        coming = {task: creating_key(self.source, task).external_id for task in tasks if task not in self.items}
        by_id = {external_id: task for task, external_id in coming.items()}
        return replace(self, tasks={**self.tasks, **by_id}, items={**self.items, **coming})

    def canonical(self, fields: Fields) -> dict[str, FieldValue]:
        """Fields in the source's ids, in canonical ones."""
        return self._translated(fields, self._known)

    def own(self, fields: Fields) -> dict[str, FieldValue]:
        """Canonical fields in the source's ids. What has none there is left out of sets, and else None."""
        return self._translated(fields, self._own)

    def person(self, account: str) -> str:
        """The person of an account; an opaque id where nobody knows."""
        return self.people.get(account) or f"{self.source}:{account}"

    def _translated(self, fields: Fields, translate: _Translate) -> dict[str, FieldValue]:
        translated = dict(fields)
        for name, kind in _REFERENCES.items():
            value = translated.get(name)
            if not value:
                continue
            if isinstance(value, list):
                found = [new for one in value if (new := translate(kind, one)) is not None]
                translated[name] = sorted(set(found)) if len(found) > 1 else found
            else:
                translated[name] = translate(kind, str(value))
        return translated

    def _known(self, kind: str, one: str) -> str | None:
        known = (self.people if kind == "person" else self.tasks).get(one)
        return f"{self.source}:{one}" if known is None or (kind == "task" and known == self.of_task) else known

    def _own(self, kind: str, one: str) -> str | None:
        prefix = f"{self.source}:"
        if kind == "person":
            return one[len(prefix) :] if one.startswith(prefix) else self.accounts.get(one)
        own = one[len(prefix) :] if one.startswith(prefix) else self.items.get(one)
        return None if own == self.itself or one == self.of_task else own


class ItemResolution:
    """How a source shows a task, in canonical ids."""

    def __init__(self, integration: BaseIntegration, names: Names) -> None:
        self._lens: Lens = integration.lens
        self.names = names
        self.fields: AbstractSet[str] = integration.capabilities.fields
        self.writable: AbstractSet[str] = integration.capabilities.writable

    def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """See `Resolution.project`. A reference that the source cannot show leaves what is shown as it is, and so do
        people of whom it knows none.
        """
        own_shown = None if shown is None else self.names.own(shown)
        if _REFERRING.isdisjoint(canonical):
            projected = self._lens.project(canonical, own_shown)
            return projected if _REFERRING.isdisjoint(projected) else self.names.canonical(projected)
        own = self.names.own(canonical)
        unknown = [name for name in _KEPT_IF_UNKNOWN if canonical.get(name) and not own[name]]
        for name in unknown:
            del own[name]
        projected = self._lens.project(own, own_shown)
        fields = self.names.canonical(projected)
        for name in unknown:
            if shown is not None and name in shown:
                fields[name] = shown[name]
        if shown is not None and "assignees" in fields and _knows_some_only(own, canonical):
            fields["assignees"] = sorted(elements(fields["assignees"]) | self._only_here(shown))
        return fields

    def _only_here(self, shown: Fields) -> frozenset[str]:
        """People whom only this source knows. Where the task has some whom it does not know, they may be the same."""
        ends, begins = f"@{self.names.source}", f"{self.names.source}:"
        people = elements(shown.get("assignees"))
        return frozenset(one for one in people if one.endswith(ends) or one.startswith(begins))


def _knows_some_only(own: Fields, canonical: Fields) -> bool:
    """Whether a source knows some of a task's people, and not all."""
    return "assignees" in own and len(elements(own["assignees"])) < len(elements(canonical.get("assignees")))


def new_item(integration: BaseIntegration) -> dict[str, FieldValue]:
    """What a new item of this source shows of fields that nobody has set."""
    empty = {name: FIELDS[name].empty for name in integration.capabilities.fields if name in FIELDS}
    return integration.lens.project(empty, None)


def names_for(
    store: Store,
    people: Mapping[str, Mapping[str, str]],
    loaded: Iterable[Loaded],
    views: Iterable[tuple[str, Fields]] = (),
    aliases: Mapping[str, str] = MappingProxyType({}),
    meant: Iterable[Fields] = (),
) -> dict[str, Names]:
    """For each source, the names that translating these tasks and views takes.

    `people` has each source's accounts and the people they belong to; `views` are fields in the source's own ids,
    `aliases` other ids by which tasks may know people, `meant` fields in canonical ids that are to be written.
    """
    tasks: set[str] = set()
    keys: set[ItemKey] = set()
    for one in loaded:
        for name in _TASKS:
            if name in one.task.fields:
                tasks.update(_ids(one.task.fields[name].value))
        for link in one.links:
            keys |= _referred(link.source, link.seen)
    for source, fields in views:
        keys |= _referred(source, fields)
    for fields in meant:
        tasks.update(one for name in _TASKS if name in fields for one in _ids(fields[name]))
    held = store.holders(tasks) if tasks else {}
    found = store.find(keys) if keys else {}
    named: dict[str, Names] = {}
    for source, accounts in people.items():
        of_person = {person: account for account, person in sorted(accounts.items(), reverse=True)}
        named[source] = Names(
            source,
            people=accounts,
            accounts={alias: of_person[one] for alias, one in aliases.items() if one in of_person} | of_person,
            tasks={key.external_id: link.task_id for key, link in found.items() if key.source == source}
            | {key.external_id: task for task, held_by in held.items() for key in held_by if key.source == source},
            items={task: key.external_id for task, held_by in held.items() for key in held_by if key.source == source},
        )
    return named


def met_since(task: TaskState, names: Mapping[str, Names]) -> dict[str, str]:
    """The tasks that items are by now, which this one refers to from when they were outside: by their opaque ids."""
    found: dict[str, str] = {}
    for one in referred(task.values()):
        source, _, external_id = one.partition(":")
        known = names[source].tasks.get(external_id) if source in names else None
        if known is not None and known != task.task_id:
            found[one] = known
    return found


def _referred(source: str, fields: Fields) -> set[ItemKey]:
    return {ItemKey(source, one) for name in _TASKS if fields.get(name) for one in _ids(fields[name])}


def _ids(value: FieldValue) -> Collection[str]:
    return value if isinstance(value, list) else [str(value)] if value else []
