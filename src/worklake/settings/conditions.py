"""Conditions in the settings: Spark SQL over the columns of `tasks`, read and judged without any engine."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_origin

from worklake.model.rows import Task
from worklake.settings import functions

if TYPE_CHECKING:
    from sqlglot import Token, exp
    from sqlglot.dialects.dialect import Dialect

ALIAS = "t"
"""What a condition may call the table of tasks."""

_BEFORE_PARENTHESES = (
    "all and any as between both case else escape from ilike in interval is leading like not on or over regexp"
    " rlike some then trailing varchar when"
)
_WORDS_BEFORE_PARENTHESES = frozenset(_BEFORE_PARENTHESES.split())
_QUANTIFIERS = frozenset({"all", "any", "some"})
_MOMENTS = frozenset({"now", "today", "tomorrow", "yesterday"})
_FUNCTIONS = (
    "SQL's functions of text, numbers, dates and lists, such as lower, contains, date_add, array_contains, exists"
)
_AS_DECIDED = "a route is decided anew only when the task or the rules change"


@cache
def condition_problems(text: str) -> tuple[str, ...]:
    """What is wrong with a condition, each with the mend.

    It may name columns of one task and call functions whose answer never changes, and is true, false or null.
    """
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import SqlglotError

    spark = Dialect.get_or_raise("spark")
    try:
        tokens = spark.tokenize(text)
        tree = _parse(spark, text)
    except SqlglotError as error:
        return (_not_read(error),)
    except RecursionError:
        return ("it is nested too deeply",)
    if tree is None:
        return ("it says nothing; write a condition such as: due_date is not null",)
    problems = [*_shape(tree, tokens), *_calls(tree, tokens), *_unknown_columns(tree)]
    if not problems:
        problems = [*_comparisons(tree), *_result(tree, spark)]
    return tuple(dict.fromkeys(problems))


def _parse(spark: Dialect, text: str) -> exp.Expr | None:
    from sqlglot import exp

    parsed = spark.parse_into(exp.Condition, text)
    return parsed[0] if parsed else None


def _not_read(error: Exception) -> str:
    details: Sequence[Mapping[str, Any]] = getattr(error, "errors", None) or [{}]
    near = str(details[0].get("highlight") or "").strip()
    rest = str(details[0].get("end_context") or "").strip()
    if near and rest:
        return f"it cannot be read from {near + ' ' + rest!r} on"
    if near:
        return f"it cannot be read: something is missing before or after {near!r}"
    return "it cannot be read: a quote or a comment is not closed"


def _shape(tree: exp.Expr, tokens: Sequence[Token]) -> Iterator[str]:
    """What stands in it that is no condition over one task."""
    from sqlglot import TokenType, exp

    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        yield "there is a ';' in it; write one condition and nothing else"
    if any(token.token_type is TokenType.L_BRACKET for token in tokens):
        yield "an index in brackets fails where a list is shorter; write get(labels, 0), which is null there"
    if tree.find(exp.Query, exp.Values, exp.Table):
        yield "there is a query in it; a condition sees one task alone"
    if tree.find(exp.Window, exp.Filter):
        yield "there is a window or FILTER in it; a condition sees one task alone"
    if tree.find(exp.Placeholder, exp.Parameter, exp.SessionParameter):
        yield "there is a parameter in it; write the value itself"
    if tree.find(exp.Star):
        yield "there is a '*' in it; name a column"
    if tree.find(exp.JSONExtract, exp.JSONExtractScalar):
        yield "there is a '->' in it that is no part of exists, filter or the like, as in: exists(labels, l -> l = 'x')"


def _calls(tree: exp.Expr, tokens: Sequence[Token]) -> Iterator[str]:
    """What is wrong with the functions that it calls."""
    from sqlglot import TokenType, exp

    called = set()
    for at, token in enumerate(tokens[:-1]):
        name = token.text.lower()
        if tokens[at + 1].token_type is not TokenType.L_PAREN or not name.isidentifier():
            continue
        before = tokens[at - 1] if at else None
        if before is not None and before.token_type is TokenType.DOT:
            yield f"there is a function .{name}() of a schema or an object; only SQL's own functions can be used"
        elif not _is_word(name, before):
            called.add(name)
            yield from _call(name)
    moment = tree.find(exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp)
    asks = moment is not None or any(map(_is_moment, tree.find_all(exp.Cast)))
    if asks and not called & functions.OF_THE_MOMENT:
        yield f"it asks for the time that it is; that cannot be used, as {_AS_DECIDED}"
    if tree.find(exp.CurrentUser, exp.SessionUser) and not called & functions.OF_THE_SESSION:
        yield "it asks for the user; a condition sees the task alone"


def _is_word(name: str, before: Token | None) -> bool:
    if name in _QUANTIFIERS:
        return before is not None and before.text.lower() in ("like", "ilike")
    return name in _WORDS_BEFORE_PARENTHESES


def _call(name: str) -> Iterator[str]:
    if name in functions.ALLOWED:
        return
    if name in functions.OF_THE_MOMENT:
        yield f"{name}() tells the time that it is; that cannot be used, as {_AS_DECIDED}"
    elif name in functions.OF_CHANCE:
        yield f"{name}() gives another answer each time; that cannot be used, as {_AS_DECIDED}"
    elif name in functions.OF_THE_SESSION:
        yield f"{name}() depends on who asks, and from where; a condition sees the task alone"
    elif name in functions.OF_MANY_ROWS:
        yield f"{name}() works on many rows; a condition sees one task alone"
    else:
        yield f"there is no function {name!r} for conditions{choice(name, functions.ALLOWED, _FUNCTIONS)}"


def _is_moment(cast: exp.Expr) -> bool:
    """Whether this is `date 'today'` or the like."""
    from sqlglot import exp

    words = str(cast.this.this).split() if isinstance(cast.this, exp.Literal) else []
    return bool(words) and words[0].lower() in _MOMENTS and cast.args["to"].is_type(*exp.DataType.TEMPORAL_TYPES)


def _unknown_columns(tree: exp.Expr) -> Iterator[str]:
    from sqlglot import exp

    for column in tree.find_all(exp.Column):
        name = column.name.lower()
        if isinstance(column.this, exp.Star):
            continue
        if column.table and (column.table.lower() != ALIAS or column.args.get("db")):
            yield f"{column.sql('spark')!r} is no column of tasks; write its name alone{_column_meant('')}"
        elif name not in Task.model_fields:
            yield f"there is no column {column.name!r}{_column_meant(name)}"


def _column_meant(name: str) -> str:
    return choice(name, Task.model_fields, ", ".join(Task.model_fields))


def choice(found: str, names: Collection[str], allowed: str) -> str:
    """The end of a message: the name that was meant, where one is near, and what is allowed."""
    close = get_close_matches(found, names, n=1)
    return f"; did you mean {close[0]!r}? allowed: {allowed}" if close else f"; allowed: {allowed}"


def _comparisons(tree: exp.Expr) -> Iterator[str]:
    """Comparisons that never hold: of a list with a text, of a closed word with one that it never is."""
    from sqlglot import exp

    for node in tree.find_all(
        exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like, exp.ILike, exp.RegexpLike, exp.In
    ):
        sides = [node.this, *node.expressions] if isinstance(node, exp.In) else [node.this, node.expression]
        texts = [side.name for side in sides if isinstance(side, exp.Literal) and side.is_string]
        for column in (side.name.lower() for side in sides if isinstance(side, exp.Column)):
            if texts and column in _LISTS:
                yield f"{column} is a list, not a text; write array_contains({column}, '{texts[0]}')"
            words = _WORDS.get(column)
            for text in texts if words and not isinstance(node, exp.Like | exp.ILike | exp.RegexpLike) else ():
                if text not in (words or ()):
                    yield f"{column} is never {text!r}{choice(text, words or (), ', '.join(words or ()))}"


def _result(tree: exp.Expr, spark: Dialect) -> Iterator[str]:
    """What it gives where that is not true or false, as far as that can be told from the text."""
    from sqlglot import exp
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.schema import MappingSchema

    typed = tree.copy()
    for column in typed.find_all(exp.Column):
        column.set("table", exp.to_identifier(ALIAS))
        column.this.replace(exp.to_identifier(column.name.lower()))
    schema = MappingSchema({ALIAS: dict(_TYPES)}, dialect=spark)
    found = annotate_types(exp.select(typed).from_(ALIAS), schema=schema, dialect=spark).expressions[0].type
    if found is None or found.is_type("boolean", "null", "unknown"):
        return
    yield f"it gives {found.sql('spark').lower()}; a condition gives true or false"


def _column_type(annotation: Any) -> tuple[str, tuple[str, ...]]:
    """A column's type in SQL, and the words it can be where those are closed."""
    if isinstance(annotation, types.UnionType):
        annotation = next(member for member in get_args(annotation) if member is not type(None))
    if get_origin(annotation) is list:
        return "array<string>", ()
    if issubclass(annotation, StrEnum):
        return "string", tuple(word.value for word in annotation)
    return {str: "string", int: "bigint", float: "double", bool: "boolean", date: "date", datetime: "timestamp"}[
        annotation
    ], ()


_COLUMNS = {name: _column_type(field.annotation) for name, field in Task.model_fields.items()}
_TYPES = {name: kind for name, (kind, _) in _COLUMNS.items()}
_WORDS = {name: words for name, (_, words) in _COLUMNS.items() if words}
_LISTS = frozenset(name for name, kind in _TYPES.items() if kind.startswith("array"))
