"""Which task an item belongs to."""

from hypothesis import given
from hypothesis import strategies as st

from tests.sync.views import task
from worklake.model.ids import task_id
from worklake.sync.match import Elsewhere, Neighbours, match

THERE = Elsewhere("task_there", "linear", "linear.app/acme/ENG-1")
OTHER = Elsewhere("task_other", "linear", "linear.app/acme/ENG-2")


def born(external_id: str) -> str:
    return task_id("gitlab", external_id)


def test_an_item_that_nothing_points_at_is_a_new_task() -> None:
    matches, proposals = match("gitlab", [task("1")], {}, Neighbours())
    assert matches["1"] == (born("1"), "born", "first seen in gitlab")
    assert proposals == []


def test_a_url_of_the_other_tool_links_and_says_so() -> None:
    neighbours = Neighbours(by_key={THERE.key: [THERE]})
    matches, _ = match("gitlab", [task("1")], {"1": [THERE.key]}, neighbours)
    assert matches["1"] == ("task_there", "mention", "it points at linear.app/acme/ENG-1")


def test_a_url_in_the_other_tools_item_links_as_well() -> None:
    neighbours = Neighbours(mentioning={"host/1": [THERE]})
    matches, _ = match("gitlab", [task("1")], {}, neighbours)
    assert matches["1"].task_id == "task_there"
    assert matches["1"].reason == "linear.app/acme/ENG-1 points at it"


def test_urls_of_two_tasks_are_only_proposed() -> None:
    neighbours = Neighbours(by_key={THERE.key: [THERE], OTHER.key: [OTHER]})
    matches, proposals = match("gitlab", [task("1")], {"1": [THERE.key, OTHER.key]}, neighbours)
    assert matches["1"].linked_by == "born"
    assert {one.task_id for one in proposals} == {"task_there", "task_other"}


def test_two_items_that_point_at_one_task_are_only_proposed() -> None:
    neighbours = Neighbours(by_key={THERE.key: [THERE]})
    mentions = {"1": [THERE.key], "2": [THERE.key]}
    matches, proposals = match("gitlab", [task("1"), task("2")], mentions, neighbours)
    assert {one.linked_by for one in matches.values()} == {"born"}
    assert {one.other_task_id for one in proposals} == {born("1"), born("2")}


def test_a_task_that_has_an_item_of_this_source_gets_no_second_one_unasked() -> None:
    neighbours = Neighbours(by_key={THERE.key: [THERE]}, occupied=frozenset({"task_there"}))
    matches, proposals = match("gitlab", [task("1")], {"1": [THERE.key]}, neighbours)
    assert matches["1"].linked_by == "born"
    assert [one.task_id for one in proposals] == ["task_there"]


def test_a_marker_of_a_known_task_links_and_one_of_an_unknown_task_does_not() -> None:
    neighbours = Neighbours(tasks=frozenset({"task_there"}))
    matches, _ = match("gitlab", [task("1", markers=["task_gone", "task_there"])], {}, neighbours)
    assert matches["1"][:2] == ("task_there", "marker")
    matches, _ = match("gitlab", [task("1", markers=["task_gone"])], {}, neighbours)
    assert matches["1"].linked_by == "born"


KEYS = [f"linear.app/acme/ENG-{number}" for number in range(4)]


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from(KEYS), max_size=3)), st.randoms())
def test_the_order_of_items_does_not_matter(mentions: dict[str, list[str]], random: object) -> None:
    neighbours = Neighbours(by_key={key: [Elsewhere(f"task_{key}", "linear", key)] for key in KEYS})
    items = [task(name) for name in mentions]
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, proposed = match("gitlab", items, mentions, neighbours)
    other, also_proposed = match("gitlab", shuffled, mentions, neighbours)
    assert one == other
    assert set(proposed) == set(also_proposed)


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from(KEYS), max_size=3)))
def test_no_task_gets_two_items_of_one_source(mentions: dict[str, list[str]]) -> None:
    neighbours = Neighbours(by_key={key: [Elsewhere(f"task_{key}", "linear", key)] for key in KEYS})
    matches, _ = match("gitlab", [task(name) for name in mentions], mentions, neighbours)
    tasks = [one.task_id for one in matches.values()]
    assert len(tasks) == len(set(tasks))
