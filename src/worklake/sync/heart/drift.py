"""Drift: a name that the settings give a meaning does not exist at its provider any more, such as a label.

What an item then shows of that field is not what a person made of it, and what we would write there would make the name
anew. So such a field is frozen for its source until the name exists again. The names are asked for once in a run and
source, and only where it matters: an item shows just what it would show without the name, or a plan would write to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from worklake.errors import AccessError, InvalidInputError, NotFoundError, WorklakeError
from worklake.integrations.base import BaseIntegration, Lens
from worklake.model.fields import FieldValue
from worklake.model.heart_rows import PlannedStep
from worklake.sync.heart.ports import Ports
from worklake.sync.rules.resolution import changed_fields
from worklake.sync.rules.state import Side, TaskState
from worklake.sync.rules.values import same

_FOR_GOOD = (AccessError, NotFoundError, InvalidInputError)
"""Failures that waiting does not mend: the names of such a source cannot be known at all."""


@dataclass(slots=True)
class Drift:
    """What one run knows of the names of one source. `told` has, by field, what is to be said of it, in words."""

    integration: BaseIntegration
    told: dict[str, str] = field(default_factory=dict)
    _names: Mapping[str, tuple[str, ...]] | None = None
    _without: dict[tuple[str, tuple[str, ...]], Lens] = field(default_factory=dict)
    _missing: Mapping[str, tuple[str, ...]] | None = None
    _assumed: AbstractSet[str] = frozenset()
    _error: WorklakeError | None = None

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The names that the settings give a meaning, by field."""
        if self._names is None:
            self._names = self.integration.mapped_names()
        return self._names

    def missing(self) -> Mapping[str, tuple[str, ...]]:
        """Those of the names that do not exist. Raises, each time, what kept us from asking."""
        if self._error is not None:
            raise self._error
        if self._missing is None:
            try:
                vocabulary = self.integration.vocabulary(frozenset(self.names()))
            except WorklakeError as error:
                self._error = error
                raise
            self._missing, self._assumed = vocabulary.missing, vocabulary.assumed
        return self._missing

    def frozen(self, fields: AbstractSet[str]) -> frozenset[str]:
        """Those of these fields on which nothing must be written now.

        Where the names cannot be asked for, that is all of them: a write could make a name anew, and what is not
        written now is due in the next run as well.
        """
        mapped = fields & self.names().keys()
        if not mapped:
            return frozenset()
        try:
            missing = self.missing()
        except WorklakeError as error:
            for name in mapped:
                self.told[name] = f"{name} is not written: which names exist there could not be read: {error}"
            return frozenset(mapped)
        found = frozenset(name for name in mapped if name in missing and name not in self._assumed)
        for name in found:
            self.told[name] = self._words(name, missing[name])
        return found

    def unsettled(self, side: Side, task: TaskState | None) -> Side:
        """The side without what drift made of it: that counts as seen, and is no edit of a person.

        Raises where the names would have to be known and cannot be asked for now.
        """
        names = self.names()
        if not names:
            return side
        suspects = [
            name
            for name in changed_fields(side)
            if name in names and self._is_what_is_left(side, name, task, names[name])
        ]
        if not suspects:
            return side
        try:
            missing = self.missing()
        except _FOR_GOOD as error:
            for name in suspects:
                self.told[name] = f"{name} is taken as it is shown: which names exist cannot be known: {error}"
            return side
        drifted = [
            name for name in suspects if name in missing and self._is_what_is_left(side, name, task, missing[name])
        ]
        for name in drifted:
            self.told[name] = self._words(name, missing[name])
        return replace(side, seen={**side.seen, **{name: side.view[name] for name in drifted}}) if drifted else side

    def _is_what_is_left(self, side: Side, name: str, task: TaskState | None, names: Iterable[str]) -> bool:
        """Whether an item shows what it would show of its value before if these names were taken off it."""
        before: FieldValue
        if name in side.seen:
            before = side.seen[name]
        elif task is not None and name in task.fields:
            before = task.fields[name].value
        else:
            return False
        shown = side.view[name]
        if same(name, _shown(self.integration.lens, name, before), shown):
            return False
        return same(name, _shown(self._lens_without(name, tuple(names)), name, before), shown)

    def _lens_without(self, name: str, names: tuple[str, ...]) -> Lens:
        if (name, names) not in self._without:
            self._without[name, names] = self.integration.lens.without({name: names})
        return self._without[name, names]

    def _words(self, name: str, missing: Iterable[str]) -> str:
        listed = ", ".join(repr(one) for one in missing)
        return (
            f"{name} is frozen: the settings give {listed} a meaning, and it does not exist there any more."
            f" Nothing is written to {name} there, and what its absence shows is not taken; make it again, or correct"
            " conf/sources.yml"
        )


def _shown(lens: Lens, name: str, value: FieldValue) -> FieldValue:
    return lens.project({name: value}, None).get(name)


def frozen_ports(ports: Ports, steps: Iterable[PlannedStep]) -> Ports:
    """The sources, with those fields frozen that these steps would write and whose mapping has drifted."""
    fields: dict[str, set[str]] = {}
    for step in steps:
        fields.setdefault(step.source, set()).update(step.fields)
    news = {}
    for source, port in ports.items():
        drift = port.drift
        if drift is not None and (found := drift.frozen(fields.get(source, set()))):
            news[source] = replace(port, frozen=port.frozen | found)
    return {**ports, **news} if news else ports


def notes(ports: Ports) -> list[str]:
    """What is to be said of drift, in words."""
    return [
        f"{source}: {words}"
        for source, port in sorted(ports.items())
        if port.drift is not None
        for _, words in sorted(port.drift.told.items())
    ]
