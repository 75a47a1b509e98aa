"""Conditions over tasks, as people write them in SQL: read alone, so that one is one, and refused in plain words."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from worklake.errors import InvalidInputError
from worklake.lake.lake import Lake
from worklake.model.documents import TaskDocument
from worklake.model.rows import Task

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

HOLDS = "condition_holds"
"""The column that says for which tasks the condition holds."""

_NO_COLUMN = re.compile(r'Identifier\("([^"]+)"\)\]\)|with name (`[^ ]+`) cannot be resolved')
_NOT_READ = re.compile(r"found .+ at (\d+):\d+ expected", re.DOTALL)
_NOT_READ_BY_SPARK = re.compile(r"\[PARSE_SYNTAX_ERROR\].* at or near (.+?)[:.]")
_LONGEST_REASON = 200


def with_condition(lake: Lake, condition: str) -> DataFrame:
    """All tasks with a column `HOLDS`; the condition is Spark SQL over the columns of `tasks`, called `t` if need be.

    Raises `InvalidInputError` unless the text is one condition and nothing else.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import functions

    tasks = lake.read("tasks").alias("t")
    try:
        alone = tasks.select(functions.expr(condition)).schema.fields
        if len(alone) != 1 or alone[0].dataType.typeName() != "boolean":
            found = alone[0].dataType.simpleString() if len(alone) == 1 else f"{len(alone)} columns"
            raise refused(condition, f"it gives {found}, and a condition is true or false")
        return tasks.select("*", functions.expr(condition).alias(HOLDS))
    except PySparkException as error:
        raise refused(condition, reason(condition, str(error))) from error


def refused(condition: str, why: str) -> InvalidInputError:
    """The error for a condition that cannot be used, with what stands to choice."""
    return InvalidInputError(
        f"the condition {condition!r} cannot be used: {why}\n"
        f"It is Spark SQL over the columns of tasks: {', '.join(Task.model_fields)}"
    )


def reason(condition: str, said: str) -> str:
    """Why an engine refuses a condition, out of its own words."""
    unknown = _NO_COLUMN.search(said)
    if unknown is not None:
        return _no_column((unknown[1] or unknown[2]).split(".")[-1].strip("`"))
    position = _NOT_READ.search(said)
    if position is not None:
        return f"it cannot be read from character {int(position[1]) + 1} on: {condition[int(position[1]) :]!r}"
    near = _NOT_READ_BY_SPARK.search(said)
    if near is not None:
        return f"it cannot be read near {near[1]}"
    if "found end of input" in said:
        return "it ends too early"
    words = " ".join(said.split("\n")[0].split(" expected ")[0].removeprefix("invalid argument: ").split())
    return words[:_LONGEST_REASON]


def _no_column(name: str) -> str:
    if name in TaskDocument.model_fields and name not in Task.model_fields:
        return f"there is no column {name!r}: it is shown with each task, but no column of the table"
    close = get_close_matches(name.lower(), Task.model_fields, n=1)
    return f"there is no column {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")
