"""Reads a project's settings from its `conf/` folder, all of it or nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from worklake.errors import SettingsError
from worklake.settings.models import (
    Owner,
    People,
    Policy,
    Prefer,
    ProjectSettings,
    Routing,
    SourceSettings,
    WorklakeSettings,
)
from worklake.settings.routing import routing_problems
from worklake.settings.secrets import FORMS
from worklake.settings.words import expected, missing, without_consequences, yaml_problem

Model = TypeVar("Model", bound=BaseModel)

_SECRET_KEYS = frozenset({"token", "secret", "password"})
_LONGEST_NAME = 100
_LOGIN = re.compile(r"//[^/@\s]*@")
"""A name and password before the server in a URL."""
_QUERY = re.compile(r"(//[^\s?#]*[?#])[^\s'\"]+")
"""What follows the path of a URL, where a token may stand."""
_NEVER_HERE = f"expected a reference to the secret, {FORMS}"


def find_project(start: Path) -> Path:
    """The nearest folder from `start` upward that has `conf/worklake.yml`. Raises `SettingsError`."""
    for folder in (start, *start.parents):
        if (folder / "conf" / "worklake.yml").is_file():
            return folder
    raise SettingsError(
        f"no conf/worklake.yml in {start} or any folder above it; make a project with: worklake init, or name one with"
        " --project DIR"
    )


def load_settings(folder: Path, source_models: Mapping[str, type[SourceSettings]]) -> WorklakeSettings:
    """The settings of the project in `folder`, checked one by one and against each other.

    `source_models` says which model each provider's sources have. Raises `SettingsError` with every mistake found,
    one to a line, each with its file and line.
    """
    conf = folder / "conf"
    problems: list[str] = []

    def read(name: str, model: type[Model], *, required: bool = False) -> Model:
        try:
            tree = _parse(conf / name, required=required)
            return _validate(conf / name, model, tree, tree, ())
        except SettingsError as error:
            problems.append(str(error))
            return model.model_construct()

    project = read("worklake.yml", ProjectSettings, required=True)
    policy = read("policy.yml", Policy)
    routing = read("routing.yml", Routing)
    people = read("people.yml", People)
    try:
        sources = _read_sources(conf / "sources.yml", source_models)
    except SettingsError as error:
        problems.append(str(error))
    if problems:
        raise SettingsError("\n".join(problems))
    unknown = list(_unknown_sources(conf, sources, source_models, policy, people))
    rules = _parse(conf / "routing.yml", required=False)
    unknown += routing_problems(routing, sources, lambda keys: _place(conf / "routing.yml", rules, keys))
    if unknown:
        raise SettingsError("\n".join(unknown))
    return WorklakeSettings.model_construct(
        folder=folder, project=project, sources=sources, policy=policy, routing=routing, people=people
    )


def _read_sources(path: Path, models: Mapping[str, type[SourceSettings]]) -> dict[str, SourceSettings]:
    tree = _parse(path, required=False)
    unknown = [key for key in tree if key != "sources"]
    if unknown:
        raise SettingsError(
            f"{_place(path, tree, (unknown[0],))}: unknown key {unknown[0]!r}; allowed is only: sources"
        )
    entries = tree.get("sources") or {}
    if not isinstance(entries, Mapping):
        raise SettingsError(
            f"{_place(path, tree, ('sources',))}: sources: found {_shown(entries)}, expected a mapping from a source's"
            " name to its settings"
        )
    problems: list[str] = []
    sources: dict[str, SourceSettings] = {}
    for name, entry in entries.items():
        problem = _problem_of_name(name, sources)
        if problem is not None:
            problems.append(f"{_place(path, tree, ('sources', name))}: sources: found the name {name!r}; {problem}")
            continue
        try:
            sources[str(name)] = _read_source(path, tree, str(name), entry, models)
        except SettingsError as error:
            problems.append(str(error))
    problems += _read_twice(path, tree, sources)
    if problems:
        raise SettingsError("\n".join(problems))
    return sources


def _read_twice(path: Path, tree: Any, sources: Mapping[str, SourceSettings]) -> Iterator[str]:
    """An item that two sources read would be two tasks, which copy each other without end."""
    readers: dict[str, str] = {}
    for name, source in sources.items():
        for place, shown in source.places().items():
            if place in readers:
                where = ("sources", name)
                yield (
                    f"{_place(path, tree, where)}: {'.'.join(where)}: {shown} is read by the source"
                    f" {readers[place]!r} already; leave it in one of them"
                )
            readers.setdefault(place, name)


def _problem_of_name(name: Any, others: Container[str]) -> str | None:
    """What is wrong with a source's name, which stands in tables and messages."""
    if not isinstance(name, str | int) or isinstance(name, bool):
        return "a name is text; put it in quotes"
    shown = str(name)
    if not shown.strip() or shown != shown.strip() or not shown.isprintable() or len(shown) > _LONGEST_NAME:
        return f"a name has 1 to {_LONGEST_NAME} letters that can be seen, and no space at either end"
    return "there are two of that name; rename one" if shown in others else None


def _read_source(
    path: Path, tree: Any, name: str, entry: Any, models: Mapping[str, type[SourceSettings]]
) -> SourceSettings:
    where = ("sources", name)
    if not isinstance(entry, Mapping):
        raise SettingsError(
            f"{_place(path, tree, where)}: {'.'.join(where)}: found {_shown(entry)}, expected settings such as"
            " {provider: gitlab, token: env:GITLAB_TOKEN, …}"
        )
    provider = entry.get("provider")
    if not isinstance(provider, str) or provider not in models:
        found = "no provider" if provider is None else f"provider {provider!r}"
        raise SettingsError(
            f"{_place(path, tree, (*where, 'provider'))}: {'.'.join(where)}: found {found}; allowed:"
            f" {', '.join(sorted(models))}"
        )
    return _validate(path, models[provider], entry, tree, where)


def _parse(path: Path, *, required: bool) -> Any:
    if not os.path.lexists(path):  # a link that leads nowhere is a mistake, not a file left out
        if required:
            raise SettingsError(f"{path} does not exist; make a project with: worklake init")
        return {}
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise SettingsError(f"{path}{line}: not valid YAML: {yaml_problem(error)}") from None
    except YAMLError as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path}: nested deeper than any settings are") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # a tag such as !!int before something else
        raise SettingsError(f"{path}: a value is not what its tag says: {error}") from None
    if tree is None:
        return {}
    if not isinstance(tree, Mapping):
        raise SettingsError(f"{path}:1: found {_shown(tree)}, expected keys with values")
    return tree


def _validate(path: Path, model: type[Model], value: Any, tree: Any, prefix: tuple[str, ...]) -> Model:
    try:
        return model.model_validate(value, context={"folder": path.parent.parent})
    except ValidationError as error:
        lines = []
        for detail in without_consequences(error.errors(include_url=False)):
            line = _problem(path, model, detail, value, tree, prefix)
            if line not in lines:
                lines.append(line)
        raise SettingsError("\n".join(lines)) from None


def _problem(
    path: Path, model: type[BaseModel], detail: ErrorDetails, value: Any, tree: Any, prefix: tuple[str, ...]
) -> str:
    keys = _existing_path(value, detail["loc"])
    name = ".".join(str(key) for key in (*prefix, *keys))
    place = _place(path, tree, (*prefix, *keys))
    if detail["type"] == "extra_forbidden":
        return f"{place}: {name}: unknown key {keys[-1]!r}{_allowed_keys(model, keys)}"
    if detail["type"] == "missing":
        return f"{place}: {name}: {missing(keys[-1])}"
    if detail["type"] == "union_tag_invalid":
        context = detail["ctx"]
        return f"{place}: {name}.engine: found {context['tag']!r}; allowed: {context['expected_tags']}"
    wanted = expected(detail, keys[-1] if keys else "")
    if any(key in _SECRET_KEYS for key in keys if isinstance(key, str)):
        return f"{place}: {name}: {_NEVER_HERE if detail['type'] == 'string_type' else wanted}"
    return f"{place}: {name}: found {_shown(detail['input'])}; {wanted}"


def _existing_path(value: Any, loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The part of an error's location that stands in the file: union members' names are left out."""
    keys: list[int | str] = []
    for position, key in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(value, Mapping) and (key in value or (last and isinstance(key, str))):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            continue
        keys.append(key)
    return tuple(keys)


def _allowed_keys(model: type[BaseModel], keys: tuple[int | str, ...]) -> str:
    if len(keys) != 1:
        return ""
    allowed = sorted(field.alias or name for name, field in model.model_fields.items())
    close = get_close_matches(str(keys[0]), allowed, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{hint} allowed: {', '.join(allowed)}" if hint else f"; allowed: {', '.join(allowed)}"


def _place(path: Path, tree: Any, keys: tuple[int | str, ...]) -> str:
    """`file:line` of the deepest of these keys that stands in the file."""
    line: int | None = None
    for key in keys:  # ruamel's own mappings and lists carry the lines in `lc`
        try:
            marks = tree.lc
            line = marks.item(key)[0] if isinstance(tree, list) else marks.key(key)[0]
            tree = tree[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return f"{path}:{line + 1}" if line is not None else str(path)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "keys with values" if value else "nothing"
    text = repr(value) if not isinstance(value, list) else repr(list(value))
    text = _QUERY.sub(r"\1…", _LOGIN.sub("//…@", text))
    return text if len(text) <= 80 else text[:77] + "…"


def _unknown_sources(
    conf: Path,
    sources: Mapping[str, SourceSettings],
    providers: Iterable[str],
    policy: Policy,
    people: People,
) -> Iterator[str]:
    def problem(file: str, keys: tuple[int | str, ...], name: str, allowed: str) -> str:
        place = _place(conf / file, _parse(conf / file, required=False), keys)
        key = ".".join(map(str, keys))
        return f"{place}: {key}: there is no source {name!r}; allowed: {allowed or 'none, as no source is set'}"

    names = ", ".join(sources)
    for field, rule in policy.fields.items():
        name = rule.owner if isinstance(rule, Owner) else rule.prefer if isinstance(rule, Prefer) else None
        if name is not None and name not in sources:
            yield problem("policy.yml", ("fields", field), name, names)
    known = sorted({*sources, *providers})
    for number, person in enumerate(people.people):
        for name in person.accounts:
            if name not in known:
                yield problem("people.yml", ("people", number, name), name, ", ".join(known))
