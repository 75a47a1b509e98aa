"""What differs between providers on the wire: where the token goes, and how they tell their limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

_MOST_DIGITS = 9
"""A number of seconds with more than these is no time that anybody means."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests are left and until when, and when there will be some again once any of the provider's limits
    is spent.
    """

    left: int | None
    spent_until: datetime | None = None
    resets_at: datetime | None = None


QuotaReader = Callable[[Mapping[str, str], datetime], Quota | None]
"""Reads an answer's headers (upper and lower case alike) as of the server's time; None where they tell nothing."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a provider takes its token and tells its limits. `refuses_for_now` says so of an answer's status and body.

    `done_anyway` says of an answer that, although its status is an error, what was asked is done: it is given back as
    it is.
    `refused_for_seconds` is how long a refusal for now lasts, at least, that does not say so itself.
    """

    auth_header: str = "Authorization"
    auth_prefix: str = ""
    quota: QuotaReader | None = None
    refuses_for_now: Callable[[int, bytes], bool] = lambda status, body: status == 429
    done_anyway: Callable[[int, bytes], bool] = lambda status, body: False
    refused_for_seconds: float | None = None


def words_in(body: bytes) -> str:
    """What a provider says in the body of a refusal: a message out of JSON, REST's or GraphQL's, or the text itself."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:500].decode(errors="replace")
    known = [answer[key] for key in ("message", "error", "errors") if key in answer] if isinstance(answer, dict) else []
    said = known[0] if known else answer
    if isinstance(said, list):
        messages = [str(one["message"]) for one in said if isinstance(one, dict) and "message" in one]
        said = "; ".join(messages) or said
    return said if isinstance(said, str) else orjson.dumps(said).decode()


def header_quota(*prefixes: str, per_second: int = 1) -> QuotaReader:
    """Reads `<prefix>Remaining` and `<prefix>Reset` (since the epoch, `per_second` to a second) for every prefix.

    The first prefix counts requests; nothing is sent while any of them has nothing left.
    """

    def read(headers: Mapping[str, str], now: datetime) -> Quota | None:
        left = _whole(headers.get(f"{prefixes[0]}Remaining"))
        ends = [
            reset / per_second
            for prefix in prefixes
            if _whole(headers.get(f"{prefix}Remaining")) == 0
            and (reset := _whole(headers.get(f"{prefix}Reset"))) is not None
        ]
        if left is None and not ends:
            return None
        reset = _whole(headers.get(f"{prefixes[0]}Reset"))
        resets_at = None if reset is None else _moment(reset / per_second)
        return Quota(left, _moment(max(ends)) if ends else None, resets_at)

    return read


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` as seconds from the server's `now`, whether it names seconds or an HTTP date."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal() and len(text) <= _MOST_DIGITS:
        return float(text)
    moment = http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def http_date(text: str | None) -> datetime | None:
    """An HTTP date, or None where the text is none."""
    try:
        moment = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _whole(text: str | None) -> int | None:
    try:
        return int(float(text)) if text else None
    except (ValueError, OverflowError):
        return None


def _moment(epoch_seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch_seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
