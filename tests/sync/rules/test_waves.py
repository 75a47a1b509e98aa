"""In which order steps are made."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.heart import step
from worklake.model.heart_rows import Operation, PlannedStep
from worklake.sync.rules.values import referred
from worklake.sync.rules.waves import waves


def creation(number: int, source: str = "web", **fields: Any) -> PlannedStep:
    return step(
        number, task_id=f"task_{number}", source=source, external_id=None, operation=Operation.CREATE, fields=fields
    )


def names(found: list[list[PlannedStep]]) -> list[list[str]]:
    return [[one.step_id for one in wave] for wave in found]


def test_a_child_comes_in_a_later_wave_than_the_parent_that_is_made_before_it() -> None:
    steps = [creation(1), creation(2), creation(3, parent_id="task_1")]
    assert names(list(waves(steps, 50))) == [["step_1", "step_2"], ["step_3"]]


def test_a_blocked_task_comes_in_a_later_wave_than_its_blocker() -> None:
    steps = [creation(1), step(2, task_id="task_2", fields={"blocked_by": ["task_1", "task_7"]})]
    assert names(list(waves(steps, 50))) == [["step_1"], ["step_2"]]


def test_an_item_of_another_source_holds_nothing_up() -> None:
    steps = [creation(1, "linear"), creation(2, "web", parent_id="task_1")]
    assert names(list(waves(steps, 50))) == [["step_1", "step_2"]]


def test_a_wave_has_so_many_steps_of_a_source_and_sources_do_not_wait_for_one_another() -> None:
    steps = [creation(1), creation(2), creation(3), creation(4, "linear")]
    assert names(list(waves(steps, 2))) == [["step_1", "step_2", "step_4"], ["step_3"]]


@st.composite
def plans(draw: st.DrawFn) -> list[PlannedStep]:
    """Steps as plans order them: what is made comes before what refers to it."""
    steps = []
    for number in range(draw(st.integers(0, 12))):
        source = draw(st.sampled_from(["web", "linear"]))
        parent = draw(st.integers(0, max(0, number - 1)))
        fields = {"parent_id": f"task_{parent}"} if draw(st.booleans()) and number else {}
        steps.append(creation(number, source, title="x", **fields))
    return steps


@given(plans(), st.integers(1, 4))
def test_every_step_is_made_once_and_after_all_that_it_refers_to(steps: list[PlannedStep], size: int) -> None:
    found = list(waves(steps, size))
    assert sorted(one.step_id for wave in found for one in wave) == sorted(one.step_id for one in steps)
    made: set[tuple[str, str]] = set()
    planned = {(one.source, one.task_id) for one in steps}
    for wave in found:
        for one in wave:
            needed = {(one.source, task) for task in referred(one.fields)} & planned
            assert needed <= made
        made |= {(one.source, one.task_id) for one in wave}
    for source in ("web", "linear"):
        order = [one.step_id for wave in found for one in wave if one.source == source]
        assert order == [one.step_id for one in steps if one.source == source]
