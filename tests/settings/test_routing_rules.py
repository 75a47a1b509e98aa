"""A rule that cannot be used is refused at load, with its place, what was found, what is allowed and the mend."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.conditions import CALLED
from worklake.errors import SettingsError
from worklake.integrations.registry import settings_models
from worklake.model.rows import Task
from worklake.settings.conditions import condition_problems
from worklake.settings.functions import ALLOWED
from worklake.settings.load import load_settings
from worklake.settings.models import Routing

SOURCES = (
    "sources:\n"
    "  linear: {provider: linear, token: 'env:A', teams: [ENG]}\n"
    "  gitlab-web: {provider: gitlab, token: 'env:B', projects: [team/web, team/app], create_in: team/app}\n"
)


def load(folder: Path, routing: str) -> Routing:
    conf = folder / "conf"
    conf.mkdir()
    (conf / "worklake.yml").write_text("")
    (conf / "sources.yml").write_text(SOURCES)
    (conf / "routing.yml").write_text(routing, encoding="utf-8")
    return load_settings(folder, settings_models()).routing


def mistakes(folder: Path, routing: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, routing)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_rules_are_read_in_order(tmp_path: Path) -> None:
    text = (
        "rules:\n"
        "  - {name: bugs, when: \"array_contains(labels, 'bug')\", to: linear}\n"
        "  - name: open deadlines\n"
        "    when: >\n"
        "      due_date is not null\n"
        "      and status not in ('completed', 'canceled')\n"
        "    to: [gitlab-web, linear]\n"
    )
    rules = load(tmp_path, text).rules
    assert [(rule.name, rule.to) for rule in rules] == [
        ("bugs", ("linear",)),
        ("open deadlines", ("gitlab-web", "linear")),
    ]


def test_an_unknown_column_is_told_with_its_place_and_the_nearest_match(tmp_path: Path) -> None:
    text = (
        "rules:\n  - {name: a, when: archived, to: linear}\n"
        "  - name: due\n    to: linear\n    when: due_dat is not null\n"
    )
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith(
        "conf/routing.yml:5: rules.1.when of 'due': found 'due_dat is not null': there is no column 'due_dat';"
        " did you mean 'due_date'? allowed: task_id, title, "
    )
    assert all(column in mistake for column in Task.model_fields)


def test_an_unknown_source_is_told_with_its_line_and_the_nearest_match(tmp_path: Path) -> None:
    text = "rules:\n  - name: a\n    when: archived\n    to:\n      - linear\n      - gitlab-wep\n"
    assert mistakes(tmp_path, text) == [
        "conf/routing.yml:6: rules.0.to of 'a': there is no source 'gitlab-wep'; did you mean 'gitlab-web'?"
        " allowed: linear, gitlab-web"
    ]


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    text = "rules:\n  - {name: a, when: archived, to: linear}\n  - {name: a, when: not archived, to: linear}\n"
    assert mistakes(tmp_path, text) == [
        "conf/routing.yml:3: rules.1.name: rules.0 is called 'a' too; give each its own name"
    ]


def test_every_mistake_of_every_rule_is_told_at_once(tmp_path: Path) -> None:
    text = (
        "rules:\n"
        "  - {name: a, when: titel = 'x' and rand() > 0.5, to: [linear, motion]}\n"
        "  - {name: b, when: 'title ==', to: linear}\n"
    )
    found = mistakes(tmp_path, text)
    assert [line.split(": ")[:2] for line in found] == [
        ["conf/routing.yml:2", "rules.0.to of 'a'"],
        ["conf/routing.yml:2", "rules.0.when of 'a'"],
        ["conf/routing.yml:2", "rules.0.when of 'a'"],
        ["conf/routing.yml:3", "rules.1.when of 'b'"],
    ]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("title ==", "it cannot be read: something is missing before or after '=='"),
        ("title = 'abc", "it cannot be read: a quote or a comment is not closed"),
        ("title as x", "it cannot be read from 'as x' on"),
        ("select 1", "it cannot be read from 'select 1' on"),
        ("archived; drop table tasks", "it cannot be read from 'drop table tasks' on"),
        ("archived;", "there is a ';' in it"),
        ("-- nothing", "it says nothing; write a condition such as: due_date is not null"),
        ("(" * 3000 + "archived" + ")" * 3000, "it is nested too deeply"),
        ("tasks.title = 'a'", "'tasks.title' is no column of tasks; write its name alone; allowed: task_id"),
        ("exists(labels, l -> m = 'a')", "there is no column 'm'"),
        ("lowr(title) = 'a'", "there is no function 'lowr' for conditions; did you mean 'lower'?"),
        ("labels[0] = 'a'", "an index in brackets fails where a list is shorter; write get(labels, 0)"),
        ("my.lower(title) = 'a'", "there is a function .lower() of a schema or an object"),
        ("title in (select title from tasks)", "there is a query in it; a condition sees one task alone"),
        ("exists (select 1)", "there is a query in it"),
        ("count(*) > 3", "count() works on many rows; a condition sees one task alone"),
        ("any(archived)", "any() works on many rows"),
        ("explode(labels) = 'a'", "explode() works on many rows"),
        ("row_number() over (order by title) = 1", "there is a window or FILTER in it"),
        ("title = :name", "there is a parameter in it; write the value itself"),
        ("title = ?", "there is a parameter in it"),
        ("{title} = 'a'", "there is a parameter in it"),
        ("uuid() > title", "uuid() gives another answer each time"),
        ("current_date() > due_date", "current_date() tells the time that it is; that cannot be used, as a route is"),
        ("current_date > due_date", "it asks for the time that it is; that cannot be used, as a route is decided anew"),
        ("unix_timestamp() > 5", "it asks for the time that it is"),
        ("due_date < date 'tomorrow'", "it asks for the time that it is"),
        ("cast('now' as timestamp) > updated_at", "it asks for the time that it is"),
        ("current_user = 'kim'", "it asks for the user; a condition sees the task alone"),
        ("input_file_name() = 'x'", "input_file_name() depends on who asks, and from where"),
        ("title", "it gives string; a condition gives true or false"),
        ("size(labels)", "it gives int; a condition gives true or false"),
        ("labels = 'bug'", "labels is a list, not a text; write array_contains(labels, 'bug')"),
        ("labels like 'bug%'", "labels is a list, not a text"),
        ("status = 'complete'", "status is never 'complete'; did you mean 'completed'?"),
        ("priority in ('high', 'hot')", "priority is never 'hot'"),
    ],
)
def test_what_is_no_condition_over_one_task_is_refused_in_plain_words(when: str, said: str) -> None:
    problems = condition_problems(when)
    assert [one for one in problems if one.startswith(said)], problems


@pytest.mark.parametrize(
    "when",
    [
        "exists(labels, title -> title like 'a%') and t.Due_Date is null or `archived` -- and nothing",
        "title like '%; select rand() from {tasks} [0] -> :x ?%' or title = \"current_date()\"",
        "status in ('started', 'unstarted') and priority <> 'none' and size(labels) > 1",
        "case when due_date is null then archived else due_date < date_add(start_date, 3) end",
        "null",
    ],
)
def test_columns_stand_in_any_case_and_quoting_and_texts_mean_nothing(when: str) -> None:
    assert condition_problems(when) == ()


def test_each_function_that_may_be_called_is_tried() -> None:
    assert set(CALLED) == ALLOWED


def test_no_function_that_may_be_called_is_refused() -> None:
    refused = {call: condition_problems(f"({call}) is not null") for call in CALLED.values()}
    assert {call: problems for call, problems in refused.items() if problems} == {}


@given(st.text(alphabet="abt_'\"`()[]{}<>=!.,;:?$@*+-/\\ \n0123456789éß->", max_size=40))
def test_any_text_is_judged_and_none_raises(text: str) -> None:
    assert all(condition_problems(text))


@given(st.text(alphabet="abcdefgh_", min_size=1, max_size=12))
def test_a_name_is_a_column_or_is_told(name: str) -> None:
    assert (condition_problems(f"`{name}` is null") == ()) is (name in Task.model_fields)


def test_create_in_is_one_of_the_projects_that_are_read(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "worklake.yml").write_text("")
    (conf / "sources.yml").write_text(SOURCES)
    assert load_settings(tmp_path, settings_models()).sources["gitlab-web"].create_in == "team/app"
    (conf / "sources.yml").write_text(SOURCES.replace("create_in: team/app", "create_in: team/ap"))
    with pytest.raises(SettingsError, match=r"sources\.yml:3: .*team/ap.*team/web, team/app"):
        load_settings(tmp_path, settings_models())


def test_settings_without_rules_load_no_parser() -> None:
    import subprocess
    import sys

    code = "import sys, worklake.settings.load, worklake.cli; print('sqlglot' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == "False\n"


def test_rules_for_what_is_merged_are_read_and_checked_as_the_others(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (rule, other) = load(
        tmp_path / "good", 'merged:\n  - {name: done}\n  - {name: seen, when: "not archived", named: mentions}\n'
    ).merged
    assert (rule.when, rule.named, other.named) == ("true", ("closes", "branch"), ("mentions",))
    (tmp_path / "bad").mkdir()
    found = mistakes(
        tmp_path / "bad", 'merged:\n  - {name: a, when: "title = now()"}\n  - {name: a, when: "nothing"}\n'
    )
    assert len(found) == 3
    assert found[0].startswith("conf/routing.yml:2: merged.0.when of 'a': found 'title = now()': now() tells the time")
    assert found[1] == "conf/routing.yml:3: merged.1.name: merged.0 is called 'a' too; give each its own name"
    assert found[2].startswith(
        "conf/routing.yml:3: merged.1.when of 'a': found 'nothing': there is no column 'nothing'"
    )
