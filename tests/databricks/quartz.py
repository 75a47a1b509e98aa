"""The rules of Quartz's cron expressions, as far as a schedule can break them: no library that is kept up has them."""

from __future__ import annotations

import re

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2099, ()),
)
_PART = re.compile(r"(?:\*|(?P<from>\w+)(?:-(?P<to>\w+))?)(?:/(?P<step>\d+))?")


def problem(expression: str) -> str | None:
    """What is wrong with an expression; None where nothing is. Of L, W and # it knows nothing, and refuses them."""
    fields = expression.split()
    if len(fields) not in (6, 7):
        return f"{len(fields)} fields, seconds first: six, or seven with a year"
    if (fields[3] == "?") == (fields[5] == "?"):
        return "exactly one of day of month and day of week is ?"
    for (name, low, high, words), field in zip(_FIELDS, fields, strict=False):
        if field == "?" and name.startswith("day"):
            continue
        for part in field.split(","):
            if not _fits(part, low, high, words):
                return f"{name}: {part!r} does not fit {low} to {high}"
    return None


def _fits(part: str, low: int, high: int, words: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        return False
    numbers = [_number(found[name], words) for name in ("from", "to") if found[name] is not None]
    if not all(number is not None and low <= number <= high for number in numbers):
        return False
    return found["step"] is None or 1 <= int(found["step"]) <= high


def _number(text: str, words: tuple[str, ...]) -> int | None:
    if text.upper() in words:
        return words.index(text.upper()) + 1
    return int(text) if text.isdigit() else None
