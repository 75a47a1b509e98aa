"""Merge: takes what was read from the sources into account, many items at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from worklake.integrations.views import TaskView
from worklake.model.fields import FIELDS, MergeKind
from worklake.model.heart_rows import Operation, Outcome, Write
from worklake.model.ids import task_id
from worklake.model.rows import LinkState
from worklake.sync.heart.catching_up import caught_up
from worklake.sync.heart.dating import dated
from worklake.sync.heart.doubts import doubts_of
from worklake.sync.heart.histories import Histories
from worklake.sync.heart.ledger import finished, meant, ours, settled_write
from worklake.sync.heart.linking import first_link, link_gone, link_moved, link_with_forms, made_anew, meets_as_it_is
from worklake.sync.heart.observed import is_not_made, is_older, newest_of, reread_fields, with_all_fields, with_blockers
from worklake.sync.heart.ports import Observation, Ports, Rules, aliases_of
from worklake.sync.heart.sides import side_of, sides_of
from worklake.sync.heart.store import Loaded, Store, StoredLink
from worklake.sync.heart.views import ItemResolution, Names, met_since, names_for, new_item
from worklake.sync.rules import answers, putaway
from worklake.sync.rules.plan import creating_key
from worklake.sync.rules.putaway import Departure, Return
from worklake.sync.rules.renaming import renamed
from worklake.sync.rules.rereading import other_forms
from worklake.sync.rules.resolution import with_pair
from worklake.sync.rules.state import Change, Conflict, Edited, ItemKey, Side, TaskState
from worklake.sync.rules.task import Moment, TaskOutcome, born, fold_onto, merge_task
from worklake.sync.rules.told import last_word
from worklake.sync.rules.values import same

PUT_AWAY_BY = ("status", "archived")
"""The fields in which closing, archiving and their ways back show."""


@dataclass(slots=True)
class Merged:
    """What a merge came to. `ignored` are items that were read before they were last looked at."""

    tasks: set[str] = field(default_factory=set)
    born: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    ignored: list[ItemKey] = field(default_factory=list)


def merge_tasks(
    store: Store, ports: Ports, observations: Iterable[Observation], rules: Rules, moment: Moment
) -> Merged:
    """Merge these items into their tasks, and keep what follows. Repeated, it has no further effect.

    An item that is unknown belongs to the task it was matched with, else to the task that was being created there
    and whose marker or made id it bears; else it is a new task.
    """
    newest = newest_of(observations)
    links = store.find(newest)
    newest = {key: found for key, one in newest.items() if (found := with_all_fields(one, links.get(key))) is not None}
    news, ignored = {}, []
    for key, one in newest.items():
        if is_older(one, links.get(key)):
            ignored.append(key)
        else:
            news[key] = one
    merging = _Merging(store, ports, rules, moment)
    merging.merged.ignored = ignored
    homes = _homes(store, links, news)
    merging.load(news, homes)
    by_task: dict[str, dict[ItemKey, Observation]] = {}
    for key, one in news.items():
        by_task.setdefault(homes[key], {})[key] = one
    for task, its_news in sorted(by_task.items()):
        merging.merge(task, its_news)
    merging.keep()
    return merging.merged


def _homes(
    store: Store, links: Mapping[ItemKey, StoredLink], news: Mapping[ItemKey, Observation]
) -> dict[ItemKey, str]:
    """The task of each item."""
    unknown = {key: one for key, one in news.items() if key not in links}
    marked = {marker for one in unknown.values() for marker in one.view.markers}
    creating = {
        (link.source, link.task_id): link
        for loaded in store.load(marked).values()
        for link in loaded.links
        if link.state is LinkState.CREATING
    }
    homes = {key: links[key].task_id for key in news if key in links}
    taken: set[tuple[str, str]] = set()
    for key, one in sorted(unknown.items()):
        made = next((marker for marker in one.view.markers if (one.source, marker) in creating.keys() - taken), None)
        if made is not None:
            taken.add((one.source, made))
        homes[key] = one.task_id or made or task_id(*key)
    return homes


class _Merging:
    """Merges task after task, and keeps everything at the end."""

    def __init__(self, store: Store, ports: Ports, rules: Rules, moment: Moment) -> None:
        self._store, self._ports, self._rules, self._moment = store, ports, rules, moment
        self._histories, self._aliases = Histories(ports), aliases_of(ports)
        self.merged = Merged()
        self._loaded: dict[str, Loaded] = {}
        self._names: dict[str, Names] = {}
        self._intents: dict[tuple[str, str], list[Write]] = {}
        self._unsure: dict[ItemKey, set[str]] = {}
        self._doubted: list[tuple[Observation, Mapping[str, answers.Doubt], str | None]] = []
        self._tasks: list[TaskState] = []
        self._links: list[StoredLink] = []
        self._ended: list[ItemKey] = []
        self._settled: list[Write] = []

    def load(self, news: Mapping[ItemKey, Observation], homes: Mapping[ItemKey, str]) -> None:
        """Bring in what merging these items takes."""
        tasks = set(homes.values())
        self._loaded = self._store.load(tasks)
        people = {name: port.people for name, port in self._ports.items()}
        views = [(one.source, with_blockers(one, {})) for one in news.values()]
        self._names = names_for(self._store, people, self._loaded.values(), views, self._aliases)
        for name, names in self._names.items():
            fresh = {key.external_id: home for key, home in homes.items() if key.source == name}
            self._names[name] = replace(names, tasks={**names.tasks, **fresh})
        for write in self._store.unresolved(tasks):
            if write.comment_id is not None:
                continue
            self._intents.setdefault((write.source, write.task_id), []).append(write)

    def merge(self, task: str, news: Mapping[ItemKey, Observation]) -> None:
        """Merge the items of one task."""
        loaded = self._loaded.get(task)
        if loaded is not None and self._says_the_same(news, loaded):
            self._link(task, news, loaded)
            return
        known = {link.key: link for link in loaded.links} if loaded else {}
        news = {key: one for key, one in news.items() if not is_not_made(known.get(key), one)}
        links = {key: self._settled_link(task, one, known, loaded) for key, one in sorted(news.items())}
        state = loaded.task if loaded else None
        self._leave(links, news, known)
        went, back = self._moves(links, news, known, state)
        gone = [key for key in links if news[key].view.deleted]
        self._links += [link_gone(links.pop(key), news[key]) for key in sorted(gone)]
        sides = {key: self._side(link, news[key], state) for key, link in links.items()}
        others = sides_of([link for key, link in known.items() if key not in news], self._ports, self._names)
        outcome = self._outcome(task, loaded, sides, others, went, back)
        if outcome is None:
            self._doubted.clear()
            return
        everyone = {**{side.key: side for side in others}, **sides}
        views = {key: news[key].view for key in links}
        told = dated(outcome, everyone, views, self._histories, self._names)
        if told:
            sides |= {key: side for key, side in told.items() if key in sides}
            others = [told.get(side.key, side) for side in others]
            went = [replace(one, side=told.get(one.side.key, one.side)) for one in went]
            outcome = self._outcome(task, loaded, sides, others, went, back) or outcome
        self.merged.tasks.add(task)
        self.merged.changes += outcome.changes
        self.merged.conflicts += outcome.conflicts
        self._doubt(loaded, outcome)
        if outcome.changes or (loaded is not None and not loaded.kept):
            self._tasks.append(outcome.task)
        self._links += [
            link_moved(link_with_forms(link, sides[key], self._names[key.source]), news[key], self._ports[key.source])
            for key, link in links.items()
        ]

    def _doubt(self, loaded: Loaded | None, outcome: TaskOutcome) -> None:
        """Tell what sets do not show of what was sent without an answer, where the task still says so."""
        if loaded is not None:
            open_now = {one.conflict_id: one for one in (*loaded.conflicts, *outcome.conflicts)}
            now = replace(loaded, task=outcome.task, conflicts=tuple(open_now.values()))
            for one, doubts, call in self._doubted:
                names, at = self._names[one.source], one.view.updated_at
                self.merged.conflicts += doubts_of(self._store, now, one.key, doubts, at, names, self._moment, call)
        self._doubted.clear()

    def _says_the_same(self, news: Mapping[ItemKey, Observation], loaded: Loaded) -> bool:
        """Whether a merge of these items would find nothing: all meet a task that says just what they show. A first
        load has them by the hundred thousand.
        """
        return (
            not loaded.conflicts
            and all(meets_as_it_is(one, loaded, self._names[one.source]) for one in news.values())
            and not renamed(loaded.task, self._aliases, self._moment)
        )

    def _link(self, task: str, news: Mapping[ItemKey, Observation], loaded: Loaded) -> None:
        """Link items of which nothing else is new."""
        self.merged.tasks.add(task)
        if not loaded.kept:
            self._tasks.append(loaded.task)
        self._links += [
            link_moved(self._first_link(task, one, loaded), one, self._ports[one.source])
            for _, one in sorted(news.items())
        ]

    def _first_link(self, task: str, one: Observation, loaded: Loaded | None) -> StoredLink:
        return first_link(one, task, loaded.task if loaded else None, self._names[one.source], self._store)

    def _leave(
        self,
        links: dict[ItemKey, StoredLink],
        news: Mapping[ItemKey, Observation],
        known: Mapping[ItemKey, StoredLink],
    ) -> None:
        """Leave out items that their provider closed as it moved them: that closes no task. Where the item that took
        the place is the same task, this one is over; else it is a question for the sweep.
        """
        for key in [key for key in links if news[key].view.moved_to is not None]:
            target = ItemKey(key.source, str(news[key].view.moved_to))
            link = link_gone(links.pop(key), news[key])
            followed = target in news or target in known
            self._links.append(replace(link, state=LinkState.DELETED if followed else LinkState.MISSING))

    def _moves(
        self,
        links: Mapping[ItemKey, StoredLink],
        news: Mapping[ItemKey, Observation],
        known: Mapping[ItemKey, StoredLink],
        task: TaskState | None,
    ) -> tuple[list[Departure], list[Return]]:
        """The items that somebody else than Worklake put away since they were last seen, and those that came back."""
        went: list[Departure] = []
        back: list[Return] = []
        for key, link in links.items():
            one, was, policy = news[key], known.get(key), self._ports[key.source].on_delete
            if was is None or was.state is LinkState.CREATING:
                continue
            archived = bool(one.view.fields.get("archived"))
            was_archived = bool(link.seen.get("archived", archived))
            if one.view.deleted:
                if link.state is not LinkState.DELETED:
                    # When it was deleted is often not told, but it was later than what was last seen of it.
                    at = Edited(one.view.updated_at or link.revision)
                    side = side_of(link, self._ports[key.source], self._names[key.source], None, at)
                    went.append(Departure(side, LinkState.DELETED, policy))
            elif archived and not was_archived:
                went.append(Departure(self._side(link, one, task), LinkState.ARCHIVED, policy))
            elif link.state is LinkState.DELETED or (was_archived and not archived):
                state = LinkState.DELETED if link.state is LinkState.DELETED else LinkState.ARCHIVED
                back.append(Return(self._side(link, one, task), state))
        return went, back

    def _lacks_archive(self, key: ItemKey, loaded: Loaded) -> bool:
        """Whether another item of the task is, or may be about to be made, in a tool that cannot archive."""
        return any(
            link.source in self._ports and "archived" not in self._ports[link.source].integration.capabilities.writable
            for link in loaded.links
            if link.key != key and link.state is not LinkState.DELETED
        )

    def _outcome(
        self,
        task: str,
        loaded: Loaded | None,
        sides: Mapping[ItemKey, Side],
        others: Sequence[Side],
        went: Sequence[Departure] = (),
        back: Sequence[Return] = (),
    ) -> TaskOutcome | None:
        if not sides and not went:
            return None
        everyone = [*sides.values(), *others]
        if loaded is not None:
            leaving = {
                one.side.key: putaway.as_edit(one, loaded.task, self._lacks_archive(one.side.key, loaded))
                for one in went
            }
            staying = [side for side in everyone if side.key not in leaving]
            met = self._merge(loaded.task, [*staying, *leaving.values()], loaded)
            if not went and not back:
                return met
            met = met._replace(changes=putaway.with_reasons(met.changes, went))
            return putaway.after_merge(met, went, back, loaded.conflicts, self._moment, loaded.decided)
        first = min(sides.values(), key=lambda side: (side.rank, side.key))
        birth = born(task, first, self._moment)
        self.merged.born.add(task)
        if len(everyone) == 1:
            return birth
        rest = [replace(side, seen=side.view) if side is first else side for side in everyone]
        met = self._merge(birth.task, rest, None)
        return TaskOutcome(met.task, (*birth.changes, *met.changes), met.conflicts)

    def _merge(self, task: TaskState, sides: Sequence[Side], loaded: Loaded | None) -> TaskOutcome:
        conflicts = loaded.conflicts if loaded else ()
        decided, answered = (loaded.decided, loaded.answered) if loaded else (frozenset[str](), frozenset[str]())
        renaming = renamed(task, {**self._aliases, **met_since(task, self._names)}, self._moment)
        now = fold_onto(task, renaming) if renaming else task
        outcome = merge_task(now, sides, self._rules.fields, conflicts, self._moment, decided, answered)
        return TaskOutcome(outcome.task, (*renaming, *outcome.changes), outcome.conflicts) if renaming else outcome

    def _side(self, link: StoredLink, one: Observation, task: TaskState | None) -> Side:
        port, names = self._ports[one.source], self._names[one.source]
        side = side_of(link, port, names, with_blockers(one, link.seen), Edited(one.view.updated_at), one.edits)
        unsure = self._unsure.get(link.key)
        side = side if unsure is None else replace(side, unsure=frozenset(unsure))
        reread = reread_fields(link, one, port)
        side = replace(side, reread=reread) if reread else side
        if reread and task is not None and (forms := other_forms(side, task)):
            pairs = {name: with_pair(side.adjusted.get(name, ()), name, *pair) for name, pair in forms.items()}
            side = replace(side, adjusted={**side.adjusted, **pairs})
        return side if port.drift is None else port.drift.unsettled(side, task)

    def _settled_link(
        self, task: str, one: Observation, known: Mapping[ItemKey, StoredLink], loaded: Loaded | None
    ) -> StoredLink:
        """The item's link, with whatever calls to it were of unknown outcome settled by what it shows."""
        link, intents = known.get(one.key), self._intents.get((one.source, task), [])
        if link is not None and link.state is not LinkState.CREATING:
            if one.partial or loaded is None:
                return link
            resolution = ItemResolution(self._ports[one.source].integration, self._names[one.source].at(link))
            return self._settle(caught_up(link, one, loaded, resolution), one, intents)
        placeholder = link or known.get(creating_key(one.source, task))
        if placeholder is None or (link is None and task not in one.view.markers):
            return self._first_link(task, one, loaded)
        made = StoredLink(one.source, one.external_id, task, LinkState.LINKED, {})
        gone, ended = made_anew(made, known.values())
        self._links += gone
        self._ended += ended
        creations = [write for write in intents if write.operation is Operation.CREATE]
        integration = self._ports[one.source].integration
        shown, defaults = one.view.fields, new_item(integration)
        sent = creations[-1].sent if creations else {}
        found = answers.after_found(sent if creations else None, shown, defaults, integration.lens.is_on_the_way)
        self._unsure[one.key] = {
            name
            for name in sent.keys() & shown.keys()
            if not same(name, found.seen[name], shown[name])
            # What a new item shows anyway was in sight, whatever became of the calls that complete it.
            and not (name in defaults and same(name, sent[name], defaults[name]))
        }
        self._doubted.append((one, answers.doubts_of_found(sent, shown, defaults), None))
        made_so = ours(found.seen, shown)
        self._settled += [
            finished(write, Outcome.ACKNOWLEDGED, self._moment, made_so, one.external_id) for write in creations
        ]
        return StoredLink(one.source, one.external_id, task, LinkState.LINKED, found.seen, found.adjusted)

    def _settle(self, link: StoredLink, one: Observation, intents: Sequence[Write]) -> StoredLink:
        """The link of an item that was known, after each call of unknown outcome in turn."""
        shown = one.view.fields
        for write in intents:
            if write.operation is Operation.CREATE:
                # Its link was kept, and its outcome was not.
                made = finished(write, Outcome.ACKNOWLEDGED, self._moment, ours(link.seen, shown), one.external_id)
                self._settled.append(made)
            elif write.operation is Operation.DELETE and write.external_id == one.external_id:
                done = one.view.deleted
                if not done and _may_be_from_before(write, one):
                    continue
                outcome = Outcome.ACKNOWLEDGED if done else Outcome.NOT_SENT
                self._settled.append(finished(write, outcome, self._moment, {}))
                link = replace(link, state=LinkState.DELETED) if done else link
            elif write.external_id == one.external_id and one.batch >= write.batch:
                lens = self._ports[one.source].integration.lens
                words = self._words(write, one.view)
                sent = meant(write, shown, lens)
                look = answers.settle(link.seen, link.adjusted, sent, write.before, shown, words, lens.is_on_the_way)
                settled = settled_write(write, look, shown, self._moment)
                if settled.outcome is Outcome.NOT_SENT and _may_be_from_before(write, one):
                    continue
                self._settled.append(settled)
                if write.undoes is None:
                    self._doubted.append((one, look.doubts, write.write_id))
                link = replace(link, seen=look.seen, adjusted=look.adjusted)
                edited = {name for name, verdict in look.verdicts.items() if verdict is answers.Verdict.EDITED}
                self._unsure.setdefault(one.key, set()).update(edited)
        return link

    def _words(self, write: Write, view: TaskView) -> dict[str, answers.Word]:
        """What the provider's history says of the fields of a call whose outcome is unknown, where it names editors."""
        port = self._ports[write.source]
        fields = [
            name
            for name in write.sent
            if name in view.fields
            and FIELDS[name].reference is None
            and FIELDS[name].merge is not MergeKind.SET
            and self._histories.tells(write.source, name)
        ]
        if not fields or not port.integration.capabilities.tells_editor:
            return {}
        key, since = ItemKey(write.source, str(write.external_id)), write.revision or write.intended_at
        told = self._histories.read(key, since, fields, self._names[write.source])
        if not isinstance(told, list):
            return {}
        found = {name: last_word(name, write.sent[name], view.fields[name], told) for name in fields}
        return {
            name: answers.Word(one.ours, any(each.ours and each.field == name for each in told))
            for name, one in found.items()
            if one is not None
        }

    def keep(self) -> None:
        """Keep everything, in the order that makes a crash harmless.

        What competes is kept before the changes that say who won: a merge that is repeated skips edits of texts that
        are among the changes. What closes a conflict comes after the change that it follows from.
        """
        known = {one.conflict_id for loaded in self._loaded.values() for one in loaded.conflicts}
        closing = [one for one in self.merged.conflicts if not one.open and one.conflict_id in known]
        competing = [one for one in self.merged.conflicts if one.open or one.conflict_id not in known]
        if competing:
            self._store.commit(conflicts=competing)
        self._store.commit(self.merged.changes, self._tasks, self._links, closing, self._ended)
        if self._settled:
            self._store.finish(self._settled)


def _may_be_from_before(write: Write, one: Observation) -> bool:
    """Whether a listing may show an item as it was before a call of unknown outcome: it tells nothing of the call."""
    updated = one.view.updated_at
    return not one.looked_at and write.revision is not None and updated is not None and updated <= write.revision
