"""`conf/routing.yml` checked against the rest of the settings and against the columns of `tasks`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from worklake.settings.conditions import choice, condition_problems
from worklake.settings.models import MergedRule, Routing, Rule

Keys = tuple[int | str, ...]


def routing_problems(routing: Routing, sources: Collection[str], place: Callable[[Keys], str]) -> Iterator[str]:
    """What is wrong with the rules, a line each; `place` gives the file and line of a key."""
    for number, rule in enumerate(routing.rules):
        for position, name in enumerate(rule.to):
            if name not in sources:
                at: Keys = ("rules", number, "to", position)
                allowed = ", ".join(sources) or "none, as no source is set"
                yield (
                    f"{place(at)}: rules.{number}.to of {rule.name!r}: there is no source {name!r}"
                    f"{choice(name, sources, allowed)}"
                )
    for key, rules in (("rules", routing.rules), ("merged", routing.merged)):
        yield from _problems(key, rules, place)


def _problems(key: str, rules: Sequence[Rule | MergedRule], place: Callable[[Keys], str]) -> Iterator[str]:
    named: dict[str, int] = {}
    for number, rule in enumerate(rules):
        first = named.setdefault(rule.name, number)
        if first != number:
            at: Keys = (key, number, "name")
            yield f"{place(at)}: {key}.{number}.name: {key}.{first} is called {rule.name!r} too; give each its own name"
        text = " ".join(rule.when.split())
        for problem in condition_problems(rule.when):
            yield f"{place((key, number, 'when'))}: {key}.{number}.when of {rule.name!r}: found {text!r}: {problem}"
