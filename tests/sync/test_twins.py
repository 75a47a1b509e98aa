"""Which tasks of different tools are proposed to be one."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from worklake.sync.twins import Candidate, Pair, propose_twins

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def candidate(task: str, title: str, *sources: str, project: str | None = None, day: int = 0) -> Candidate:
    alike = "".join(one for one in title.lower() if one.isalnum())
    return Candidate(task, title, project, BEGIN + timedelta(days=day), frozenset(sources), alike)


def proposed(*candidates: Candidate, known: tuple[Pair, ...] = ()) -> list[tuple[str, str, str]]:
    return [tuple(one) for one in propose_twins(candidates, known)]


def test_the_same_title_in_two_tools_is_proposed_and_the_older_task_would_stay() -> None:
    found = proposed(
        candidate("new", "fix the login ", "linear", project="ENG", day=1),
        candidate("old", "Fix  the LOGIN", "gitlab", project="team/web"),
        candidate("other", "Fix the logout", "gitlab"),
    )
    assert found == [("old", "new", "the same title")]


def test_nearly_the_same_title_is_proposed_as_that() -> None:
    found = proposed(candidate("a", "Re-use the log-in", "gitlab"), candidate("b", "Reuse the login!", "notion", day=1))
    assert found == [("a", "b", "nearly the same title")]


def test_the_same_work_in_five_tools_is_four_proposals_that_bring_all_of_it_together() -> None:
    tools = ("gitlab", "linear", "github", "notion", "motion")
    found = proposed(*(candidate(tool, "Fix it", tool, day=day) for day, tool in enumerate(tools)))
    assert found == [("gitlab", tool, "the same title") for tool in tools[1:]]


def test_within_one_tool_nothing_is_proposed() -> None:
    assert proposed(candidate("a", "Weekly report", "gitlab"), candidate("b", "Weekly report", "gitlab", day=1)) == []


def test_a_task_that_is_in_both_tools_already_is_no_twin_of_another_item_there() -> None:
    there = candidate("a", "Weekly report", "gitlab", "linear")
    assert proposed(there, candidate("b", "Weekly report", "linear", day=1)) == []


def test_of_a_title_that_stands_several_times_the_same_project_and_then_the_oldest_go_together() -> None:
    found = proposed(
        candidate("g1", "Update", "gitlab", project="Web"),
        candidate("g2", "Update", "gitlab", project="Api", day=1),
        candidate("g3", "Update", "gitlab", project="Docs", day=2),
        candidate("l1", "Update", "linear", project="api", day=3),
        candidate("l2", "Update", "linear", day=4),
    )
    assert found == [("g2", "l1", "the same title in the same project"), ("g1", "l2", "the same title")]


def test_tasks_without_a_project_are_not_in_the_same_one() -> None:
    assert proposed(candidate("a", "Fix it", "gitlab"), candidate("b", "Fix it", "linear", day=1))[0][2] == (
        "the same title"
    )


def test_what_was_refused_is_not_proposed_again_and_the_next_one_is() -> None:
    tasks = [candidate("a", "Fix it", "gitlab"), candidate("b", "Fix it", "linear", day=1)]
    refused = Pair("a", "b", is_refused=True)
    assert proposed(*tasks, known=(refused,)) == []
    assert proposed(*tasks, candidate("c", "Fix it", "gitlab", day=2), known=(refused,)) == [
        ("b", "c", "the same title")
    ]


def test_what_is_proposed_already_stays_so_when_an_older_one_arrives() -> None:
    tasks = [candidate("a", "Fix it", "gitlab", day=1), candidate("b", "Fix it", "linear", day=2)]
    older = candidate("c", "Fix it", "gitlab")
    assert proposed(*tasks, older, known=(Pair("a", "b", is_refused=False),)) == []


TASKS = st.lists(
    st.builds(
        lambda title, source, project, day: (title, source, project, day),
        st.sampled_from(["Fix it", "fix IT", "Fix-it"]),
        st.sampled_from(["gitlab", "linear", "notion"]),
        st.sampled_from([None, "Web"]),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(TASKS, st.randoms())
def test_no_task_gets_two_items_of_one_tool_and_the_order_does_not_matter(
    drawn: list[tuple[str, str, str | None, int]], random: object
) -> None:
    tasks = [
        candidate(f"task_{number}", title, source, project=project, day=day)
        for number, (title, source, project, day) in enumerate(drawn)
    ]
    found = proposed(*tasks)
    twins = {one.task_id: {one.task_id} for one in tasks}
    for task, other, _ in found:
        both = twins[task] | twins[other]
        twins |= dict.fromkeys(both, both)
    sources = {one.task_id: one.sources for one in tasks}
    for group in twins.values():
        assert all(sources[one].isdisjoint(sources[other]) for one, other in combinations(sorted(group), 2))
    for one, other in combinations(tasks, 2):  # nobody is left who has a twin
        if twins[one.task_id] is not twins[other.task_id] and one.alike == other.alike:
            both = [sources[each] for each in twins[one.task_id] | twins[other.task_id]]
            assert sum(map(len, both)) > len(frozenset().union(*both))
    shuffled = list(tasks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert set(proposed(*shuffled)) == set(found)


def test_a_title_that_stands_thousands_of_times_is_no_matter() -> None:
    tasks = [candidate(f"{tool}{day}", "Untitled", tool, day=day) for tool in ("a", "b") for day in range(5000)]
    assert len(proposed(*tasks)) == 5000
