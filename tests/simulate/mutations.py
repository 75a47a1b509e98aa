"""Deliberate breaks of merge, plan and apply, one at a time. The simulator must catch each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from worklake.model.ids import CommentId
from worklake.sync.heart import (
    applying,
    calling,
    holding,
    merging,
    planning,
    readiness,
    views,
)
from worklake.sync.heart.comments import applying as comments_applying
from worklake.sync.heart.comments import identity, taking
from worklake.sync.heart.comments import looking as comments_looking
from worklake.sync.heart.comments import planning as comments_planning
from worklake.sync.rules import answers, brake, field, plan, resolution
from worklake.sync.rules.answers import Look
from worklake.sync.rules.comments import copy_text
from worklake.sync.rules.values import elements
from worklake.testing.memory import MemoryStore
from worklake.testing.simulate.comments import Discussion
from worklake.testing.simulate.source import SimulatedSource

Mutation = Callable[[], AbstractContextManager[Any]]


def _takes_what_was_sent_for_what_is_shown() -> AbstractContextManager[Any]:
    right = answers.after_update
    return patch.object(
        answers, "after_update", lambda seen, pairs, sent, shown: right(seen, pairs, sent, {**shown, **sent})
    )


def _skips_the_stale_check() -> AbstractContextManager[Any]:
    return patch.object(readiness, "_stale", lambda *_: None)


def _compares_raw_instead_of_by_lens() -> AbstractContextManager[Any]:
    return patch.object(views.ItemResolution, "project", lambda _self, canonical, _shown: dict(canonical))


def _forgets_adjusted_pairs() -> AbstractContextManager[Any]:
    return patch.object(answers, "with_pair", lambda *_: ())


def _does_not_settle_unknown_outcomes() -> AbstractContextManager[Any]:
    return patch.object(answers, "settle", lambda seen, pairs, *_, **__: Look(dict(seen), dict(pairs), {}))


def _creates_without_looking_first() -> AbstractContextManager[Any]:
    return patch.object(SimulatedSource, "find_created", lambda *_: None)


def _takes_a_whole_answer_as_seen() -> AbstractContextManager[Any]:
    right = answers.after_update

    def wrong(seen: Any, pairs: Any, sent: Any, shown: Any) -> Look:
        look = right(seen, pairs, sent, shown)
        return Look({**look.seen, **shown}, look.adjusted, {})

    return patch.object(answers, "after_update", wrong)


def _lets_no_current_value_contend() -> AbstractContextManager[Any]:
    return patch.object(field, "_overlooks", lambda *_: False)


def _writes_on_held_fields() -> AbstractContextManager[Any]:
    return patch.object(plan, "held_fields", lambda _conflicts: frozenset())


def _writes_refused_values_again() -> AbstractContextManager[Any]:
    return patch.object(plan, "refused_values", lambda *_: {})


def _takes_a_whole_set_from_one_source() -> AbstractContextManager[Any]:
    return patch.object(
        field, "set_steps", lambda name, _current, changers: [sorted(elements(side.view[name])) for side in changers]
    )


def _lets_the_oldest_win() -> AbstractContextManager[Any]:
    return patch.object(field, "_latest", lambda groups: (min(groups, key=lambda group: group.at), False))


def _merges_what_was_read_before_a_write() -> AbstractContextManager[Any]:
    return patch.object(merging, "is_older", lambda *_: False)


def _keeps_no_finer_detail() -> AbstractContextManager[Any]:
    return patch.object(resolution, "lift", lambda side, name, *_: side.view[name])


def _keeps_no_intents() -> AbstractContextManager[Any]:
    return patch.object(MemoryStore, "intend", lambda *_: None)


def _takes_a_failed_write_for_done() -> AbstractContextManager[Any]:
    right = calling.failure

    def wrong(write: Any, link: Any, error: Any, clock: Any) -> Any:
        answer = right(write, link, error, clock)
        done = {**link.seen, **write.sent}
        return calling.Answer(answer.write, calling.replace(link, seen=done, merges=link.merges + 1))

    return patch.object(calling, "failure", wrong)


def _looks_away_from_what_is_pending() -> AbstractContextManager[Any]:
    return patch.object(planning, "_is_quiet", lambda *_: True)


@contextmanager
def _echoes_copies() -> Iterator[None]:
    with patch.object(taking, "copied_by", lambda *_: None), patch.object(identity, "copied_by", lambda *_: None):
        yield


@contextmanager
def _leaves_comments_behind_on_items_that_are_gone() -> Iterator[None]:
    def wrong(_loaded: Any, links: Any) -> Any:
        return list(links)

    with patch.object(comments_planning, "standing", wrong), patch.object(comments_applying, "standing", wrong):
        yield


@contextmanager
def _gives_an_id_to_two_comments() -> Iterator[None]:
    def wrong(port: Any, comment: str, _links: Any) -> Any:
        return port.integration.made_id(CommentId(comment))

    with patch.object(comments_applying, "next_id", wrong), patch.object(comments_looking, "next_id", wrong):
        yield


def _writes_comments_without_looking_first() -> AbstractContextManager[Any]:
    return patch.object(Discussion, "find", lambda *_: None)


def _takes_what_was_sent_for_what_a_copy_shows() -> AbstractContextManager[Any]:
    def wrong(copy: Any, body: str, _shown: str) -> Any:
        return replace(copy, body=copy_text("Kim", "A", None, None, body), merges=copy.merges + 1)

    return patch.object(comments_applying, "answered", wrong)


@contextmanager
def _keeps_intents_after_the_calls() -> Iterator[None]:
    intend, call = MemoryStore.intend, applying._Wave._call

    def wrong(self: Any, meant: Any, batch: int) -> Any:
        called = call(self, meant, batch)
        intend(self._store, [one.write for one in meant])
        return called

    with patch.object(MemoryStore, "intend", lambda *_: None), patch.object(applying._Wave, "_call", wrong):
        yield


def _keeps_what_was_seen_before_the_changes() -> AbstractContextManager[Any]:
    right = MemoryStore.commit

    def wrong(
        self: MemoryStore, changes: Any = (), tasks: Any = (), links: Any = (), conflicts: Any = (), ended: Any = ()
    ) -> None:
        right(self, links=links, ended=ended)
        right(self, changes, tasks, (), conflicts)

    return patch.object(MemoryStore, "commit", wrong)


def _checks_what_is_stale_by_raw_values() -> AbstractContextManager[Any]:
    right = readiness.side_of

    def wrong(link: Any, port: Any, names: Any, view: Any) -> Any:
        return replace(right(link, port, names, view), view=dict(view))

    return patch.object(readiness, "side_of", wrong)


@contextmanager
def _lets_an_empty_value_beat_a_value_where_items_meet() -> Iterator[None]:
    """Two rules keep it from that: that it says nothing, and that beside a value it does not win."""
    with (
        patch.object(field, "_says_something", lambda *_: True),
        patch.object(field, "_where_items_meet", lambda _name, groups, *_: groups),
    ):
        yield


def _settles_equal_times_by_whoever_comes_last() -> AbstractContextManager[Any]:
    right = field._latest

    def wrong(groups: Any) -> Any:
        best, tied = right(groups)
        return [group for group in groups if group.at == best.at][-1], tied

    return patch.object(field, "_latest", wrong)


def _undoes_without_holding() -> AbstractContextManager[Any]:
    return patch.object(holding, "hold", lambda *_: None)


def _ignores_the_brake() -> AbstractContextManager[Any]:
    return patch.object(brake, "stops", lambda *_: [])


def _forgets_what_a_creation_was_refused_for() -> AbstractContextManager[Any]:
    return patch.object(calling, "_without_refused", lambda *_: {})


MUTATIONS: dict[str, Mutation] = {
    mutation.__name__.lstrip("_"): mutation
    for mutation in (
        _takes_what_was_sent_for_what_is_shown,
        _skips_the_stale_check,
        _compares_raw_instead_of_by_lens,
        _forgets_adjusted_pairs,
        _does_not_settle_unknown_outcomes,
        _creates_without_looking_first,
        _takes_a_whole_answer_as_seen,
        _lets_no_current_value_contend,
        _writes_on_held_fields,
        _writes_refused_values_again,
        _takes_a_whole_set_from_one_source,
        _lets_the_oldest_win,
        _merges_what_was_read_before_a_write,
        _keeps_no_finer_detail,
        _keeps_no_intents,
        _takes_a_failed_write_for_done,
        _looks_away_from_what_is_pending,
        _echoes_copies,
        _leaves_comments_behind_on_items_that_are_gone,
        _gives_an_id_to_two_comments,
        _writes_comments_without_looking_first,
        _takes_what_was_sent_for_what_a_copy_shows,
        _keeps_intents_after_the_calls,
        _keeps_what_was_seen_before_the_changes,
        _checks_what_is_stale_by_raw_values,
        _lets_an_empty_value_beat_a_value_where_items_meet,
        _settles_equal_times_by_whoever_comes_last,
        _undoes_without_holding,
        _ignores_the_brake,
        _forgets_what_a_creation_was_refused_for,
    )
}
