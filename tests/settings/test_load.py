"""Settings fail at load, and say where and what to do."""

import re
from collections.abc import Container
from pathlib import Path

import pytest

import worklake
from worklake.errors import SettingsError
from worklake.integrations.registry import settings_models
from worklake.settings.load import find_project, load_settings
from worklake.settings.models import DatabricksLake, EmbeddedLake, ProjectSettings, SparkLake

PROVIDERS = ", ".join(settings_models())

GOOD = {
    "worklake.yml": "lake: {engine: embedded, path: lake}\ntime_zone: Europe/Berlin\n",
    "sources.yml": (
        "sources:\n"
        "  linear: {provider: linear, token: 'env:LINEAR_API_KEY', teams: [ENG]}\n"
        "  gitlab-web:\n"
        "    provider: gitlab\n"
        "    base_url: https://gitlab.example\n"
        "    token: env:GITLAB_TOKEN\n"
        "    projects: [team/web]\n"
    ),
    "policy.yml": "fields: {default: latest, due_date: {prefer: linear}, description: manual}\nbrake: {share: 0.1}\n",
    "routing.yml": "rules:\n  - {name: deadlines, when: due_date is not null, to: [linear]}\n",
    "people.yml": "people: [{name: Kim, linear: kim@x.example, gitlab: kim-k}]\n",
}


def project(folder: Path, **changed: str) -> Path:
    conf = folder / "conf"
    conf.mkdir()
    for name, text in (GOOD | {f"{key}.yml": value for key, value in changed.items()}).items():
        (conf / name).write_text(text, encoding="utf-8")
    return folder


def load_error(folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(folder, settings_models())
    return str(caught.value)


def test_good_settings_load_whole(tmp_path: Path) -> None:
    settings = load_settings(project(tmp_path), settings_models())
    assert list(settings.sources) == ["linear", "gitlab-web"]
    assert settings.sources["gitlab-web"].base_url == "https://gitlab.example"
    assert settings.project.zone.key == "Europe/Berlin"
    assert settings.policy.brake.at_least == 10
    assert settings.routing.rules[0].to == ("linear",)
    assert settings.people.people[0].accounts == {"linear": "kim@x.example", "gitlab": "kim-k"}


@pytest.mark.parametrize(
    ("lake", "kind"),
    [
        ("{engine: embedded, path: lake}", EmbeddedLake),
        ("{engine: spark, path: /data/lake}", SparkLake),
        ("{engine: databricks, catalog: main, schema: worklake}", DatabricksLake),
    ],
)
def test_every_engine_can_be_named(tmp_path: Path, lake: str, kind: type) -> None:
    settings = load_settings(project(tmp_path, worklake=f"lake: {lake}\n"), settings_models())
    assert isinstance(settings.project.lake, kind)


@pytest.mark.parametrize(
    ("folder", "lake", "place"),
    [
        ("/Volumes/main/worklake/project", {}, ("main", "worklake")),
        ("/Volumes/main/worklake/project/team", {"schema": "other"}, ("main", "other")),
        ("/Workspace/project", {"catalog": "main", "schema": "worklake"}, ("main", "worklake")),
    ],
)
def test_a_project_in_a_volume_keeps_its_lake_beside_the_volume(
    folder: str, lake: dict[str, str], place: tuple[str, str]
) -> None:
    tree = {"lake": {"engine": "databricks", **lake}}
    read = ProjectSettings.model_validate(tree, context={"folder": Path(folder)}).lake
    assert isinstance(read, DatabricksLake)
    assert (read.catalog, read.schema_name) == place


def test_a_project_elsewhere_names_catalog_and_schema(tmp_path: Path) -> None:
    said = load_error(project(tmp_path, worklake="lake: {engine: databricks}\n"))
    assert "lake.catalog: missing" in said
    assert "lake.schema: missing" in said


def test_only_worklake_yml_is_needed(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "worklake.yml").write_text("")
    assert load_settings(tmp_path, settings_models()).sources == {}


@pytest.mark.parametrize(
    ("file", "text", "line", "said"),
    [
        ("worklake", "lake: {engine: embeded}\n", 1, "found 'embeded'; allowed: 'embedded', 'spark', 'databricks'"),
        ("worklake", "\ntime_zone: Berlin\n", 2, "'Berlin' is not a time zone"),
        ("worklake", "lakes: {}\n", 1, "unknown key 'lakes'; did you mean 'lake'?"),
        ("worklake", "lake: {engine: embedded, path: a\n", 2, "not valid YAML"),
        ("worklake", "- a\n- b\n", 1, "expected keys with values"),
        (
            "routing",
            "rules:\n  - {name: a, when: priority = 'urgent' and status not in ('a','b'), to: [linear]}\n",
            2,
            "put a text that holds quotes, commas or brackets in double quotes, a condition for one",
        ),
        ("routing", "rules:\n  - {name: a, when: labels[0] = 'x', to: [linear]}\n", 2, "in double quotes, a condition"),
        ("routing", "rules:\n  - name: a\n    when: 'x' = title\n", 3, "in double quotes, a condition"),
        ("routing", "rules:\n  - {name: a, when: true, to: [linear]}\n", 2, "expected a condition in double quotes"),
        ("sources", "sources:\n  x: {provider: jira}\n", 2, f"found provider 'jira'; allowed: {PROVIDERS}"),
        ("sources", "sources:\n  x: {token: 'env:A'}\n", 2, f"found no provider; allowed: {PROVIDERS}"),
        ("sources", "sources:\n  x: {provider: linear, teams: [A]}\n", 2, "sources.x.token: missing"),
        ("sources", "sources: [a]\n", 1, "expected a mapping from a source's name"),
        (
            "sources",
            "sources:\n  x:\n    provider: linear\n    teams: [A]\n    token: env:A\n    tean: x\n",
            6,
            "unknown key 'tean'",
        ),
        (
            "sources",
            "sources:\n  x:\n    provider: gitlab\n    projects: [a/b]\n    token: env:A\n    base_url: gitlab.com\n",
            6,
            "'gitlab.com' is not a URL",
        ),
        (
            "sources",
            "sources:\n  x: {provider: gitlab, token: 'env:A', projects: 7}\n",
            2,
            "found 7; expected a list, such as [team/web]",
        ),
        ("sources", "sources:\n  x: {provider: linear, token: 'env:A', teams: ENG}\n", 2, "a list, such as [ENG]"),
        ("sources", "sources:\n  x: {provider: linear, token: 'env:A'}\n", 2, "missing; write it, as in teams: [ENG]"),
        (
            "sources",
            "sources:\n  x: {provider: linear, teams: [A], token: [x]}\n",
            2,
            "a reference to the secret, env:",
        ),
        ("sources", "sources: {}\nsources:\n  x: 1\n", 2, "the key 'sources' stands here twice"),
        ("sources", "sources:\n  x: provider: linear\n", 2, "put a text that holds `: ` in quotes"),
        ("sources", "sources:\n\tx: 1\n", 2, "a tab; indent with spaces"),
        ("sources", "sources:\n  x: @me\n", 2, "a text that begins with @ needs quotes"),
        (
            "sources",
            "sources:\n  x: {provider: gitlab, token: 'env:A', projects: [a/b]}\n"
            "  y: {provider: gitlab, token: 'env:B', projects: [a/c, A/B]}\n",
            3,
            "the project A/B is read by the source 'x' already",
        ),
        (
            "sources",
            "sources:\n  x: {provider: linear, token: 'env:A', teams: [ENG]}\n"
            "  y: {provider: linear, token: 'env:A', teams: [eng]}\n",
            3,
            "the team ENG is read by the source 'x' already",
        ),
        ("policy", "brake: {share: 2}\n", 1, "brake.share: found 2; expected less than or equal to 1"),
        ("policy", "fields: {titel: latest}\n", 1, "there is no field 'titel'"),
        ("policy", "fields:\n  title: newest\n", 2, "latest, manual, {owner: SOURCE} or {prefer: SOURCE}"),
        ("policy", "fields:\n  default: latest\n  title: {owner: motion}\n", 3, "there is no source 'motion'"),
        ("routing", "rules:\n  - {name: a, when: x, to: [motion]}\n", 2, "there is no source 'motion'"),
        ("people", "people:\n  - {name: Kim, asana: k}\n", 2, "there is no source 'asana'; allowed: "),
        ("people", "people:\n  - {name: Kim, linear: 5}\n", 2, "linear takes an e-mail address or account name"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_mend(tmp_path: Path, file: str, text: str, line: int, said: str) -> None:
    # The sources stand in for policy, routing and people only where those are not what is tried.
    others = {"policy": "", "routing": "", "people": ""} if file == "sources" else {}
    message = load_error(project(tmp_path, **{**others, file: text}))
    assert f"{file}.yml:{line}: " in message
    assert said in message


def test_no_message_speaks_pythons_words(tmp_path: Path) -> None:
    text = (
        "sources:\n  x: {provider: gitlab, token: 'env:A', projects: [a/b], comments: maybe, status_labels: [a]}\n"
        "  y: {provider: linear, token: [x], teams: [7]}\n"
    )
    message = load_error(project(tmp_path, sources=text, policy="", routing="", people=""))
    assert len(message.splitlines()) == 4
    assert not [word for word in ("tuple", "dictionary", "boolean", "string", "dict", "Input") if word in message]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    message = load_error(project(tmp_path, worklake="time_zone: x\n", policy="brake: {share: 2, at_least: 0}\n"))
    assert len(message.splitlines()) == 3


def test_a_secret_written_into_the_settings_is_refused_and_never_repeated(tmp_path: Path) -> None:
    text = "sources:\n  x:\n    provider: linear\n    teams: [A]\n    token: lin_api_0123456789\n"
    message = load_error(project(tmp_path, sources=text, policy="", routing="", people=""))
    assert "sources.yml:5: sources.x.token: a secret is never written here" in message
    assert "0123456789" not in message


TEMPLATES = Path(worklake.__file__).parent / "templates" / "conf"


def new_project(folder: Path, examples: Container[str]) -> Path:
    """A project of the templates, the examples of these files taken in, whose lines begin with `#` and three spaces."""
    conf = folder / "conf"
    conf.mkdir()
    for template in TEMPLATES.glob("*.yml"):
        text = template.read_text(encoding="utf-8")
        begin = re.search(r"^\w+:$", text, re.MULTILINE)
        if template.name in examples and begin is not None:
            text = text[: begin.end()] + re.sub(r"^# (?=  )", "", text[begin.end() :], flags=re.MULTILINE)
        (conf / template.name).write_text(text, encoding="utf-8")
    return folder


def test_a_new_project_has_no_rules_and_no_people_yet(tmp_path: Path) -> None:
    settings = load_settings(new_project(tmp_path, examples=()), settings_models())
    assert (settings.routing.rules, settings.people.people, settings.sources) == ((), (), {})
    assert settings.policy.fields == {"default": "latest"}


def test_a_key_with_nothing_after_it_has_nothing_in_it(tmp_path: Path) -> None:
    settings = load_settings(
        project(tmp_path, policy="fields:\n", routing="rules:\n", people="people:\n"), settings_models()
    )
    assert (settings.policy.fields, settings.routing.rules, settings.people.people) == ({}, (), ())


def test_the_examples_of_a_new_project_hold_once_they_are_no_comments(tmp_path: Path) -> None:
    files = ("sources.yml", "policy.yml", "routing.yml", "people.yml")
    settings = load_settings(new_project(tmp_path, files), settings_models())
    assert {source.provider for source in settings.sources.values()} == set(settings_models())
    assert list(settings.policy.fields) == ["default", "description", "due_date", "start_date"]
    assert [rule.name for rule in settings.routing.rules] == ["bugs", "deadlines"]
    assert [person.name for person in settings.people.people] == ["Kim"]


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load_settings(project(tmp_path), settings_models())
    with pytest.raises(ValueError, match="frozen"):
        settings.project.time_zone = "UTC"  # type: ignore[misc]


def test_the_project_is_the_nearest_folder_upward(tmp_path: Path) -> None:
    project(tmp_path)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(deep) == tmp_path


def test_no_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="worklake init"):
        find_project(tmp_path)


GITLAB = "{provider: gitlab, token: 'env:T', projects: [a/b]}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "sources: {gl: {provider: gitlab, token: 'env:T', projects: [!!int abc]}}",
            "a value is not what its tag says",
        ),
        ("sources: " + "{a: " * 2000 + "}" * 2000, "nested deeper than any settings are"),
    ],
)
def test_yaml_that_no_reader_gets_through_is_told_and_not_a_crash(tmp_path: Path, text: str, told: str) -> None:
    assert f"sources.yml: {told}" in load_error(project(tmp_path, sources=text))


def test_a_tag_is_never_executed(tmp_path: Path) -> None:
    made = tmp_path / "made"
    load_error(project(tmp_path, sources=f"sources: !!python/object/apply:os.system ['touch {made}']"))
    assert not made.exists()


@pytest.mark.parametrize("file", ["sources.yml", "policy.yml", "people.yml"])
def test_a_link_that_leads_nowhere_is_no_file_left_out(tmp_path: Path, file: str) -> None:
    folder = project(tmp_path)
    (folder / "conf" / file).unlink()
    (folder / "conf" / file).symlink_to("nowhere.yml")
    assert f"{file}: cannot be read: No such file" in load_error(folder)


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "conf" / "people.yml").unlink()
    (folder / "conf" / "people.yml").mkdir()
    assert "people.yml: cannot be read: Is a directory" in load_error(folder)


@pytest.mark.parametrize("name", ["~", "true", "[a, b]", "''", "' '", "' x'", '"a\\nb"', '"a\\uD800"', "x" * 101])
def test_name_of_a_source_that_cannot_stand_in_tables_and_messages_is_refused(tmp_path: Path, name: str) -> None:
    error = load_error(project(tmp_path, sources=f"sources:\n  ? {name}\n  : {GITLAB}\n"))
    assert "sources: found the name" in error and "\n  " not in error


@pytest.mark.parametrize("name", ["a.b", "a'b", 'a"b', "a{b}", "{tasks}", ":source", "12", "Größe", "a/b=c%d", "-- x"])
def test_any_other_name_of_a_source_is_taken(tmp_path: Path, name: str) -> None:
    quoted = name.replace("'", "''")
    loaded = load_settings(
        project(tmp_path, sources=f"sources:\n  '{quoted}': {GITLAB}\n  linear: {LINEAR}\n"), settings_models()
    )
    assert list(loaded.sources) == [name, "linear"]


LINEAR = "{provider: linear, token: 'env:T', teams: [ENG]}"


def test_two_sources_whose_names_are_the_same_text_are_told(tmp_path: Path) -> None:
    error = load_error(project(tmp_path, sources=f"sources:\n  1: {GITLAB}\n  '1': {GITLAB}\n"))
    assert "sources.yml:3: sources: found the name '1'; there are two of that name" in error


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://", "names no server"),
        ("https://[::1", "names no server"),
        ("https://host:99999", "names no server"),
        ("https://my host", "names no server"),
        ("https://host/?private=1", "leave out what follows"),
        ("https://host#x", "leave out what follows"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_when_it_is_loaded(tmp_path: Path, url: str, told: str) -> None:
    entry = f"{{provider: gitlab, base_url: '{url}', token: 'env:T', projects: [a/b]}}"
    error = load_error(project(tmp_path, sources=f"sources:\n  gl: {entry}\n"))
    assert "sources.yml:2: sources.gl.base_url: found" in error and told in error


def test_a_password_in_an_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    entry = "{provider: gitlab, base_url: 'https://kim:hunter2@host', token: 'env:T', projects: [a/b]}"
    error = load_error(project(tmp_path, sources=f"sources:\n  gl: {entry}\n"))
    assert "leave out what is before the @" in error
    assert "hunter2" not in error and "kim" not in error


@pytest.mark.parametrize("url", ["https://host/?private_token=hunter2", "https://host/api#hunter2"])
def test_a_token_in_an_address_is_not_shown(tmp_path: Path, url: str) -> None:
    entry = f"{{provider: gitlab, base_url: '{url}', token: 'env:T', projects: [a/b]}}"
    error = load_error(project(tmp_path, sources=f"sources:\n  gl: {entry}\n"))
    assert "leave out what follows" in error
    assert "hunter2" not in error
