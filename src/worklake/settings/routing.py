"""`conf/routing.yml` checked against the rest of the settings and against the columns of `tasks`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from worklake.settings.conditions import choice, condition_problems
from worklake.settings.models import Routing

Keys = tuple[int | str, ...]


def routing_problems(routing: Routing, sources: Collection[str], place: Callable[[Keys], str]) -> Iterator[str]:
    """What is wrong with the rules, a line each; `place` gives the file and line of a key."""
    named: dict[str, int] = {}
    for number, rule in enumerate(routing.rules):
        first = named.setdefault(rule.name, number)
        if first != number:
            at: Keys = ("rules", number, "name")
            yield f"{place(at)}: rules.{number}.name: rules.{first} is called {rule.name!r} too; give each its own name"
        for position, name in enumerate(rule.to):
            if name not in sources:
                at = ("rules", number, "to", position)
                allowed = ", ".join(sources) or "none, as no source is set"
                yield (
                    f"{place(at)}: rules.{number}.to of {rule.name!r}: there is no source {name!r}"
                    f"{choice(name, sources, allowed)}"
                )
        yield from _condition_problems(number, rule.name, rule.when, place)


def _condition_problems(number: int, name: str, when: str, place: Callable[[Keys], str]) -> Iterator[str]:
    text = " ".join(when.split())
    for problem in condition_problems(when):
        yield f"{place(('rules', number, 'when'))}: rules.{number}.when of {name!r}: found {text!r}: {problem}"
