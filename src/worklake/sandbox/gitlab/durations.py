"""GitLab's durations: months of 4 weeks, weeks of 5 days, days of 8 hours."""

from __future__ import annotations

import re
from functools import lru_cache

_SECONDS = {"mo": 576_000, "w": 144_000, "d": 28_800, "h": 3_600, "m": 60, "s": 1}
_NAMES = {
    "mo": "mo", "month": "mo", "months": "mo", "w": "w", "week": "w", "weeks": "w", "d": "d", "day": "d", "days": "d",
    "h": "h", "hr": "h", "hour": "h", "hours": "h", "m": "m", "min": "m", "minute": "m", "minutes": "m", "s": "s",
    "sec": "s", "second": "s", "seconds": "s",
}  # fmt: skip
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")
_MOST_SECONDS = 2**31 - 1


def parse_duration(text: str) -> int | None:
    """Seconds of a text such as `3h30m`, `1w 2d` or `-30m`; a bare number means hours; None when it is none."""
    text = text.strip().lower()
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return _bounded(sign, float(text) * _SECONDS["h"])
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip() or any(unit not in _NAMES for _, unit in parts):
        return None
    return _bounded(sign, sum(float(number) * _SECONDS[_NAMES[unit]] for number, unit in parts))


def _bounded(sign: int, seconds: float) -> int | None:
    """Whole seconds, if a database column holds so many."""
    return sign * round(seconds) if seconds <= _MOST_SECONDS else None


@lru_cache(maxsize=4096)
def human_duration(seconds: int) -> str | None:
    """Seconds as `1mo 2d 3h 30m`; None for nothing."""
    rest, words = abs(seconds), []
    for unit, length in _SECONDS.items():
        many, rest = divmod(rest, length)
        if many:
            words.append(f"{many}{unit}")
    if not words:
        return None
    return ("-" if seconds < 0 else "") + " ".join(words)
