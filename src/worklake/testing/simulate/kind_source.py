"""A simulated source that holds its items as a real provider sends them, and shows what that provider's lens reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from worklake.integrations.base import Page, Payload
from worklake.integrations.views import TaskView
from worklake.model.fields import Fields, FieldValue
from worklake.model.rows import Kind
from worklake.testing.simulate.kinds import KindShape, RealKind
from worklake.testing.simulate.shapes import Shape
from worklake.testing.simulate.source import Fault, SimulatedItem, SimulatedSource


@dataclass(slots=True)
class KindItem(SimulatedItem):
    """An item, and its payload as the provider sends it."""

    payload: Payload = field(default_factory=dict)


def make_source(name: str, shape: Shape, clock: Callable[[], datetime], fault: Fault) -> SimulatedSource:
    """A source of this shape."""
    if isinstance(shape, KindShape):
        return KindSource(name, shape, clock, fault)
    return SimulatedSource(name, shape, clock, fault)


class KindSource(SimulatedSource):
    """A source of a real provider's kind."""

    shape: KindShape

    def __init__(self, name: str, shape: KindShape, clock: Callable[[], datetime], fault: Fault) -> None:
        super().__init__(name, shape, clock, fault)
        able = shape.real.integration.capabilities
        self.capabilities = replace(  # type: ignore[misc]
            self.capabilities,
            fields=shape.real.shown,
            writable=shape.real.shown & able.writable,
            creatable=shape.real.shown & able.creatable,
        )

    @property
    def real(self) -> RealKind:
        """The provider."""
        return self.shape.real

    def _make(self, external_id: str, fields: Fields, marker: str | None = None) -> None:
        at = self.now()
        payload = self.real.new(external_id, _told(at), marker)
        known = {name: value for name, value in fields.items() if name in self.shape.fields}
        made = KindItem({}, at, [marker] if marker else [], payload=self.lens.put(known, payload))
        self.items[external_id] = made
        self._show(made)

    def _put(self, item: SimulatedItem, name: str, value: FieldValue) -> None:
        assert isinstance(item, KindItem)
        by_hand = self.real.by_hand.get(name)
        item.payload = (
            self.lens.put({name: value}, item.payload) if by_hand is None else {**item.payload, by_hand: value}
        )
        self._show(item)

    def _breaks_off(self, fields: Fields) -> bool:
        """See `SimulatedSource._breaks_off`."""
        return self.real.in_part is not None and bool(fields.get("description")) and self.hooks.chance(0.4)

    def _done(self, item: SimulatedItem, fields: Fields, lost: bool) -> Fields:
        """See `SimulatedSource._done`: whose reply is lost may be done in part, where it takes many calls."""
        if not (lost and self.real.many_calls):
            return fields
        done = {name: value for name, value in fields.items() if not self.hooks.chance(0.3)}
        text = done.get("description")
        if self.real.in_part is not None and text and self.hooks.chance(0.7):
            assert isinstance(item, KindItem)
            item.payload = self.real.in_part(item.payload, str(text), lambda: self.hooks.chance(0.5))
            self._show(item)
            return {name: value for name, value in done.items() if name != "description"}
        return done

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """See `SimulatedSource.list_changed`."""
        for item in self.items.values() if self.real.moves_items else ():
            if self.hooks.chance(0.1):
                item.updated_at = self.now()
        return super().list_changed(position, now)

    def _show(self, item: KindItem) -> None:
        view = self.lens.view(Kind.TASK, item.payload)
        assert isinstance(view, TaskView)
        item.fields = {name: value for name, value in view.fields.items() if name in self.shape.fields}

    def would_show(self, external_id: str, name: str, value: FieldValue) -> FieldValue:
        """See `SimulatedSource.would_show`."""
        if name in self.real.by_hand:
            return value
        return self.lens.project({name: value}, self.items[external_id].fields)[name]

    def _payload(self, item: SimulatedItem) -> Payload:
        assert isinstance(item, KindItem)
        return {**item.payload, self.real.changed_at: _told(item.updated_at)}


def _told(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
