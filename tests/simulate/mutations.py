"""Deliberate breaks of merge, plan and apply, one at a time. The simulator must catch each of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from worklake.sync.heart import calling, comment_applying, commenting, merging, planning, readiness, views
from worklake.sync.rules import answers, field, plan, resolution
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
    return patch.object(answers, "settle", lambda seen, pairs, *_: Look(dict(seen), dict(pairs), {}))


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
        field, "_set_steps", lambda name, _current, changers: [sorted(elements(side.view[name])) for side in changers]
    )


def _lets_the_oldest_win() -> AbstractContextManager[Any]:
    return patch.object(field, "_latest", lambda groups: (min(groups, key=lambda group: group.at), False))


def _merges_what_was_read_before_a_write() -> AbstractContextManager[Any]:
    return patch.object(merging, "_is_older", lambda *_: False)


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


def _echoes_copies() -> AbstractContextManager[Any]:
    return patch.object(commenting, "copied_by", lambda *_: None)


def _writes_comments_without_looking_first() -> AbstractContextManager[Any]:
    return patch.object(Discussion, "find", lambda *_: None)


def _takes_what_was_sent_for_what_a_copy_shows() -> AbstractContextManager[Any]:
    def wrong(copy: Any, body: str, _shown: str) -> Any:
        return replace(copy, body=copy_text("Kim", "A", None, None, body), merges=copy.merges + 1)

    return patch.object(comment_applying, "answered", wrong)


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
        _writes_comments_without_looking_first,
        _takes_what_was_sent_for_what_a_copy_shows,
    )
}
