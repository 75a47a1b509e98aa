"""The page that documents the JSON documents of the commands, generated from their models."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from worklake.model import documents, plan_documents

PAGES: tuple[tuple[str, type[BaseModel], bool], ...] = (
    ("worklake init", documents.InitDocument, False),
    ("worklake check", documents.CheckDocument, False),
    ("worklake pull", documents.PullDocument, False),
    ("worklake plan", plan_documents.PlanDocument, False),
    ("worklake apply", plan_documents.ApplyDocument, False),
    ("worklake sync", plan_documents.SyncDocument, False),
    ("worklake sweep", documents.SweepDocument, False),
    ("worklake undo", plan_documents.UndoDocument, False),
    ("worklake conflicts, worklake conflicts list", plan_documents.ConflictDocument, True),
    ("worklake conflicts settle", plan_documents.SettledDocument, False),
    ("worklake conflicts settle --run", plan_documents.SettledRunDocument, False),
    ("worklake tasks", documents.TaskDocument, True),
    ("worklake tasks --proposed-links, worklake links, worklake links list", documents.ProposalDocument, True),
    ("worklake links accept, worklake links refuse", documents.DecidedDocument, False),
    ("worklake links add", documents.JoinedDocument, False),
    ("worklake links accept --all, worklake links accept --from", documents.DecidedLinksDocument, False),
    ("worklake explain", documents.ExplainDocument, False),
    ("worklake status", documents.StatusDocument, False),
    ("worklake maintain", documents.MaintainDocument, False),
    ("worklake demo", plan_documents.DemoDocument, False),
)
"""Each command, its document, and whether it answers a list of them."""


def documents_markdown() -> str:
    """The text of `docs/documents.md`."""
    head = (
        "# The JSON documents of the commands\n\n"
        "Generated from `documents.py` and `plan_documents.py` in `src/worklake/model`; do not edit. "
        "Write it anew with `python -m worklake.cli.docs > docs/documents.md`.\n\n"
        "Under `--json` stdout is exactly one JSON document. Keys are in snake_case, times in RFC 3339 UTC. "
        "A command that fails before it touches anything, wrong usage (`UsageError`) included, answers "
        '`{"error": {"type", "message"}}`. One that is interrupted answers nothing.\n\n'
        "The exit status is 0 when all is done, 1 when it is done in part (a source failed, an item could not be "
        "read, a step was refused, stale or failed), 2 when nothing was touched, 3 when a person has to decide (the "
        "brake stopped a plan, a conflict is open, a proposed link keeps something from being made), 130 when it was "
        "interrupted. What the brake stops `apply` and "
        '`sync` from is an error document, `{"error": {"type": "StoppedError", "message"}}`.\n'
    )
    parts, told = [head], set[type[BaseModel]]()
    for command, model, is_list in PAGES:
        listed = ", a list of" if is_list else ""
        parts.append(f"## `{command}`{listed}\n\n{_table(model)}")
        for inner in _inner(model):
            if inner not in told and inner not in {page[1] for page in PAGES}:
                told.add(inner)
                parts.append(f"### {inner.__name__}\n\n{_table(inner)}")
    return "\n".join(parts)


def _table(model: type[BaseModel]) -> str:
    rows = "\n".join(
        f"| `{name}` | {_type(field.annotation)} | {field.description or ''} |"
        for name, field in model.model_fields.items()
        if not field.exclude
    )
    doc = " ".join((model.__doc__ or "").split())
    return f"{doc}\n\n| key | type | meaning |\n|---|---|---|\n{rows}\n"


def _type(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(one) for one in get_args(annotation))
    if origin is list:
        return f"list of {_type(get_args(annotation)[0])}"
    if origin is not None:
        return f"object of {_type(get_args(annotation)[1])} by name"
    names = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null", Any: "any value"}
    return names.get(annotation) or annotation.__name__


def _inner(model: type[BaseModel]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []

    def walk(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
            walk_fields(annotation)
        for one in get_args(annotation):
            walk(one)

    def walk_fields(one: type[BaseModel]) -> None:
        for field in one.model_fields.values():
            if not field.exclude:
                walk(field.annotation)

    walk_fields(model)
    return found


if __name__ == "__main__":
    import sys

    sys.stdout.write(documents_markdown())
