"""Moments as Linear writes them (UTC, milliseconds, `Z`): they sort as strings, and the store keeps them so."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta

_DURATION = re.compile(
    r"(?P<sign>[-+])?P(?=[\dT])(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_SHORTCUT = re.compile(r"(\d{4})(?:-(\d{2}))?")


def moment(value: datetime) -> str:
    """`value` as Linear writes a DateTime: `2026-07-22T10:15:30.123Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def as_datetime(text: str) -> datetime:
    """The moment that `moment` wrote."""
    return datetime.fromisoformat(text)


def read_moment(value: object, now: datetime) -> str:
    """A DateTime or an ISO duration relative to `now`, in the stored form. Raises `ValueError`."""
    text = _text(value, "DateTime")
    moved = _moved_by(text, now)
    if moved is not None:
        return moment(moved)
    shortcut = _SHORTCUT.fullmatch(text)
    if shortcut:
        return moment(datetime(int(shortcut[1]), int(shortcut[2] or 1), 1, tzinfo=UTC))
    parsed = datetime.fromisoformat(text)
    return moment(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def read_date(value: object, now: datetime) -> str:
    """A TimelessDate or a duration relative to `now`, as `YYYY-MM-DD`. Raises `ValueError`."""
    text = _text(value, "TimelessDate")
    moved = _moved_by(text, now)
    if moved is not None:
        return moved.date().isoformat()
    shortcut = _SHORTCUT.fullmatch(text)
    if shortcut:
        return date(int(shortcut[1]), int(shortcut[2] or 1), 1).isoformat()
    return datetime.fromisoformat(text).date().isoformat()


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} cannot represent a value that is not a string: {value!r}")  # noqa: TRY004
    return value


def _moved_by(text: str, now: datetime) -> datetime | None:
    """`now` moved by the ISO duration `text`, or None when `text` is no duration."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    parts = {
        name: float(match[name] or 0) for name in ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
    }
    sign = -1 if match["sign"] == "-" else 1
    months = int(parts.pop("years") * 12 + parts.pop("months"))
    return _add_months(now, sign * months) + sign * timedelta(**parts)


def _add_months(value: datetime, months: int) -> datetime:
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    day = min(value.day, calendar.monthrange(year, month + 1)[1])
    return value.replace(year=year, month=month + 1, day=day)
