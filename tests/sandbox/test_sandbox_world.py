from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.sandbox import NOW
from worklake.sandbox.world import build_world

FIVE = ("gitlab", "linear", "github", "notion", "motion")


def test_same_seed_and_moment_give_the_same_world():
    assert build_world(3, NOW, 300, 6, ["gitlab", "linear"]) == build_world(3, NOW, 300, 6, ["gitlab", "linear"])


def test_another_seed_gives_other_work():
    assert build_world(3, NOW, 50, 6, ["gitlab"]).work != build_world(4, NOW, 50, 6, ["gitlab"]).work


@pytest.mark.parametrize("tasks", [0, 1, 7, 500])
def test_there_are_exactly_as_many_pieces_of_work_as_asked_for(tasks):
    world = build_world(7, NOW, tasks, 5, ["gitlab", "linear"])
    assert len(world.work) == tasks
    assert [work.number for work in world.work] == list(range(1, tasks + 1))


def test_a_single_provider_holds_everything():
    assert {work.held_by for work in build_world(7, NOW, 200, 8, ["linear"]).work} == {("linear",)}


def test_about_one_in_ten_pieces_of_work_lives_in_both_and_says_how_to_see_it():
    work = build_world(7, NOW, 2000, 8, ["gitlab", "linear"]).work
    shared = [one for one in work if len(one.held_by) > 1]
    assert 0.05 < len(shared) / len(work) < 0.15
    assert set(Counter(one.tie for one in shared)) == {"url", "attachment", "title"}
    assert all(one.tie is None for one in work if len(one.held_by) == 1)


def test_nothing_happened_in_the_future_and_nothing_before_it_was_created():
    for work in build_world(7, NOW, 1000, 8, ["gitlab", "linear"]).work:
        moments = [work.created_at, *(remark.at for remark in work.comments), work.updated_at]
        assert moments == sorted(moments) and work.updated_at < NOW
        if work.closed_at:
            assert work.created_at <= work.closed_at <= work.updated_at


def test_due_dates_lie_around_now():
    days = Counter(
        "none" if work.due_date is None else (work.due_date > NOW.date()) - (work.due_date < NOW.date())
        for work in build_world(7, NOW, 1000, 8, ["gitlab"]).work
    )
    assert min(days[-1], days[0], days[1]) > 10 and days["none"] > 400


def test_work_refers_only_to_what_exists_and_came_before_at_the_same_provider():
    world = build_world(7, NOW, 1500, 8, ["gitlab", "linear"])
    for work in world.work:
        for number in (*work.blocked_by, *([work.parent] if work.parent else [])):
            other = world.work[number - 1]
            assert number < work.number and other.project == work.project and other.held_by[0] in work.held_by
        if work.milestone:
            assert world.milestones[work.milestone - 1].project == work.project
        assert all(1 <= person <= len(world.people) for person in (work.author, *work.assignees))


def test_iids_count_within_each_project_without_gaps():
    world = build_world(7, NOW, 400, 8, ["gitlab", "linear"])
    for project in world.projects:
        iids = [work.gitlab_iid for work in world.work if work.project == project.number and work.gitlab_iid]
        assert iids == list(range(1, len(iids) + 1))


def test_numbers_at_github_count_within_each_project_and_stand_in_its_addresses():
    world = build_world(7, NOW, 400, 8, ["gitlab", "linear", "github"])
    for project in world.projects:
        held = [work for work in world.work if work.project == project.number and "github" in work.held_by]
        assert [work.github_number for work in held] == list(range(1, len(held) + 1))
        assert [world.url_of(work, "github") for work in held[:1]] == [
            f"https://github.example.com/team/{project.slug}/issues/1"
        ]
    assert all(work.github_number is None for work in world.work if "github" not in work.held_by)


def test_copies_tied_by_url_name_the_address_of_the_first_item():
    world = replace(build_world(7, NOW, 800, 8, ["gitlab", "linear"]), base_urls={"gitlab": "http://127.0.0.1:1234"})
    tied = [work for work in world.work if work.tie == "url" and work.held_by == ("gitlab", "linear")]
    for work in tied:
        assert world.description_at(work, "linear").endswith(world.url_of(work, "gitlab"))
        assert world.description_at(work, "gitlab") == work.description
    assert tied and world.url_of(tied[0], "gitlab").startswith("http://127.0.0.1:1234/team/")


def test_email_addresses_and_usernames_are_unique_even_in_a_large_team():
    people = build_world(7, NOW, 0, 900, ["gitlab"]).people
    assert len({one.email for one in people}) == len({one.username for one in people}) == 900


def test_some_work_was_changed_in_the_same_microsecond():
    moments = Counter(work.updated_at for work in build_world(7, NOW, 2000, 8, ["gitlab"]).work)
    assert moments.most_common(1)[0][1] > 5
    assert moments.most_common(1)[0][0] < NOW - timedelta(days=1)


def test_copies_name_the_address_of_the_item_that_has_one():
    world = build_world(7, NOW, 200, 4, ("motion", "gitlab"))
    tied = [one for one in world.work if one.tie == "url"]
    assert tied
    for work in tied:
        assert world.description_at(work, "gitlab") == work.description
        assert world.url_of(work, "gitlab") in world.description_at(work, "motion")


def test_a_team_with_five_tools_keeps_each_kind_of_work_where_it_belongs_and_some_in_two_or_three():
    work = build_world(7, NOW, 2000, 8, FIVE).work
    assert set(Counter(one.held_by[0] for one in work)) == set(FIVE)
    assert all("docs" in one.labels for one in work if one.held_by[0] == "notion")
    assert all(one.due_date for one in work if one.held_by[0] == "motion")
    counts = Counter(len(one.held_by) for one in work)
    assert counts.keys() == {1, 2, 3} and 0.1 < (counts[2] + counts[3]) / len(work) < 0.2
    assert all(len(set(one.held_by)) == len(one.held_by) for one in work)
    shared = [one for one in work if len(one.held_by) > 1]
    assert set(Counter(one.tie for one in shared)) == {"url", "attachment", "title"}
    assert all(one.held_by[1:] == ("linear",) for one in shared if one.tie == "attachment")
