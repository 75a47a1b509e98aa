"""The one HTTP session of a source: timeouts, retries, quota, metering and the token, for REST and GraphQL alike.

`Http` is a `requests.Session`, so a provider's own client library works on top of it. Retries are decided here and
nowhere else: switch off those of the library.
"""

from __future__ import annotations

import random as system_random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
import structlog
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from worklake.errors import RetryableError, SettingsError, UnknownOutcomeError
from worklake.integrations.faults import raise_refusal, said, stay_here, was_sent, words_of
from worklake.integrations.pace import Pace
from worklake.integrations.transfer import read_whole
from worklake.integrations.wire import Quota, Wire, http_date, retry_after_seconds
from worklake.integrations.write_pace import WritePace

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_TURN_SECONDS = 90.0
"""How long a turn of a quota is waited for that the provider does not tell of: another command may go first."""
TRIES = 5
_PASSING = frozenset({500, 502, 503, 504})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_REPEATABLE = _READING | {"PUT", "DELETE"}
_REFUSALS = {409: "another change was made at the same moment", 529: "the server is overloaded"}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_FIRST_REFUSED_PAUSE, _LONGEST_REFUSED_PAUSE = 4.0, 32.0
_ID_SEGMENT = re.compile(r"\d+|.*%.*|[0-9a-fA-F-]{20,}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call on the wire, as `worklake.model.rows.Call` keeps it; the run is added by whoever keeps it."""

    source: str
    endpoint: str
    status: int | None
    seconds: float
    received_bytes: int
    quota_left: int | None
    attempt: int
    called_at: datetime
    quota_resets_at: datetime | None = None
    """When `quota_left` is whole again, by our clock; for this run only."""


class _Told(NamedTuple):
    """What the caller said of a request, where that is not plain from its method and path."""

    endpoint: str | None = None
    repeatable: bool | None = None
    writes: bool | None = None


class _Call(NamedTuple):
    """A request as it is tried: what the meter calls it, whether it may be tried again, whether it changes anything."""

    endpoint: str
    repeatable: bool
    writes: bool


class _Outcome(NamedTuple):
    """How a try ended: with an answer, a `problem`, or both. `again` says whether another try is worth it.

    `unsure` says that the provider may have done what was asked, although it did not say so.
    """

    response: requests.Response | None = None
    problem: str | None = None
    again: bool = False
    refused: bool = False
    retry_after: float | None = None
    unsure: bool = False


_NOTHING_TOLD = _Told()
_told: ContextVar[_Told] = ContextVar("_told", default=_NOTHING_TOLD)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _ignore(call: CallMade) -> None:
    """A meter that nobody reads."""


class Http(requests.Session):
    """The session of one source. Safe to use from several threads at once.

    - The token is put on requests to the origin of `base_url` only, and taken off again when they are done, so that no
      redirect, answer or exception carries it. A redirect to another server is not followed.
    - GET, HEAD, PUT, DELETE and what is called with `repeatable=True` is tried up to `TRIES` times on a broken
      connection or a passing 5xx; a provider's refusal for now (429) and a connection that cannot be made are waited
      out for every call. A wait longer than `LONGEST_WAIT_SECONDS` raises `RetryableError` with
      `retry_after_seconds` instead.
    - A write that may have been done although no answer says so (a broken connection, a 5xx) raises
      `UnknownOutcomeError`; after `RetryableError` it was not done.
    - Nothing is sent while the provider's own headers say that the quota is spent, where there is a `pace`, nothing but
      by its turns, and no write before its turn where `limit_writes` set a pace.
    - 401, 403, 404 raise `AuthError`, `AccessError`, `NotFoundError`; other 4xx answers come back to the caller.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        token: SecretStr,
        wire: Wire | None = None,
        *,
        meter: Callable[[CallMade], None] = _ignore,
        clock: Callable[[], datetime] = _utc_now,
        timer: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = system_random.random,
    ) -> None:
        super().__init__()
        if not urlsplit(base_url).hostname:
            raise SettingsError(f"{source}: base_url {base_url!r} names no server; it looks like https://host")
        self.source = source
        self.base_url = base_url.rstrip("/")
        self._token = token
        self._wire = wire or Wire()
        self._meter, self._meter_lock = meter, threading.Lock()
        self._clock, self._timer, self._sleep, self._random = clock, timer, sleep, random
        self.pace: Pace | None = None
        """The turns of a quota that the provider does not tell of."""
        self._spent_until: datetime | None = None
        self._write_pace: WritePace | None = None
        self._environment: dict[tuple[str, object, object], Any] = {}
        self.auth = _no_auth  # or requests would look for another login in ~/.netrc
        self.headers["User-Agent"] = f"worklake/{version('worklake')}"
        adapter = _Adapter(self, timer)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *args: Any,
        endpoint: str | None = None,
        repeatable: bool | None = None,
        writes: bool | None = None,
        **kwargs: Any,
    ) -> requests.Response:
        """Send a request and give its answer.

        `endpoint` is what the meter calls it, by default the method and the path without ids. `repeatable` says that
        trying twice does no harm, by default for all methods but POST and PATCH; `writes` that it changes something,
        by default for all but GET, HEAD, OPTIONS, and POST with `repeatable=True`, which is taken for a query.
        """
        problem = None
        with _telling(_Told(endpoint, repeatable, writes)):
            try:
                response = super().request(method, url, *args, **kwargs)
            except requests.RequestException as error:
                problem = f"{self.source}: {endpoint or self._endpoint_of(method.upper(), url)}: {said(error)}"
            else:
                if response.history and response.request.method != method.upper():
                    problem = f"{self.source}: {method.upper()} is sent on to {response.url} as a read; it is not done"
        if problem is not None:
            raise RetryableError(f"{problem}. Check `base_url` in conf/sources.yml and the network, then run it again.")
        self._raise_for_refusal(response, endpoint)
        return response

    def get_changed(
        self, url: str, etag: str | None, params: Mapping[str, str] | None = None
    ) -> requests.Response | None:
        """GET unless the provider still has what it sent with this `ETag`: then None."""
        headers = {"If-None-Match": etag} if etag else {}
        response = self.request("GET", url, params=params, headers=headers)
        return None if response.status_code == 304 else response

    def limit_writes(self, most: int, seconds: float) -> None:
        """From now on send no more than so many writes in any so many seconds; one that is too early waits."""
        self._write_pace = WritePace(most, seconds, self._timer)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: bool | None, verify: Any, cert: Any) -> Any:
        """Proxies and certificates out of the environment, looked up once per server: they cost a millisecond."""
        key = (urlsplit(url).netloc, stream, verify)
        if proxies or cert:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        if key not in self._environment:
            self._environment[key] = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return self._environment[key]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where an answer sends us on to. Raises `requests.RequestException` where that is another server."""
        target = super().get_redirect_target(resp)
        if target is not None:
            stay_here(self.base_url, resp.url, target, self)
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave a redirected request without credentials: the token is added where it belongs when it is sent."""
        prepared_request.headers.pop("Authorization", None)

    def call(self, request: requests.PreparedRequest, send: Callable[[], requests.Response]) -> requests.Response:
        """Send a prepared request as often as it takes. Raises `RetryableError` when the tries are spent.

        Raises `UnknownOutcomeError` instead when it is a write, and any of the tries may have done it.
        """
        call = self._call_of(request)
        attempt, unsure = 0, False

        def once() -> _Outcome:
            nonlocal attempt, unsure
            attempt += 1
            self._wait_for_quota(call.endpoint)
            self._wait_for_turn(call.endpoint)
            if call.writes:
                self._wait_for_write()
            with self._token_on(request):
                outcome = self._try(send, call, attempt)
            unsure = unsure or outcome.unsure
            return outcome

        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            retry=retry_if_result(lambda outcome: outcome.again),
            wait=self._pause,
            sleep=self._sleep,
            retry_error_callback=_last_outcome,
        )
        try:
            outcome: _Outcome = tries(once)
        except RetryableError as error:  # the quota is spent, which may be after a try that was sent
            if not (unsure and call.writes):
                raise
            outcome = _Outcome(problem=str(error))
        if outcome.problem is None and outcome.response is not None:
            return outcome.response
        tried = f" after {attempt} tries" if attempt > 1 else ""
        what = f"{self.source}: {call.endpoint}: {outcome.problem}{tried}"
        if unsure and call.writes:
            raise UnknownOutcomeError(f"{what}.{UnknownOutcomeError.MAY_BE_DONE}")
        when = f" in {outcome.retry_after:.0f} s" if outcome.retry_after else " later"
        check = "" if outcome.response is not None else " Check `base_url` in conf/sources.yml and the network."
        raise RetryableError(f"{what}.{check} Run it again{when}.", retry_after_seconds=outcome.retry_after)

    def _call_of(self, request: requests.PreparedRequest) -> _Call:
        told, method = _told.get(), (request.method or "GET").upper()
        repeatable = method in _REPEATABLE if told.repeatable is None else told.repeatable
        writes = told.writes
        if writes is None:
            writes = method not in _READING and not (method == "POST" and told.repeatable)
        return _Call(told.endpoint or self._endpoint_of(method, request.url or ""), repeatable, writes)

    def _try(self, send: Callable[[], requests.Response], call: _Call, attempt: int) -> _Outcome:
        called_at, started = self._clock(), self._timer()
        response, broken, sent = None, None, True
        try:
            response = send()
        except requests.RequestException as error:
            broken, sent = said(error), was_sent(error)
        seconds = self._timer() - started
        quota = self._note_quota(response) if response is not None else None
        made = CallMade(
            source=self.source,
            endpoint=call.endpoint,
            status=response.status_code if response is not None else None,
            seconds=seconds,
            received_bytes=len(response.content) if response is not None else 0,
            quota_left=quota.left if quota else None,
            attempt=attempt,
            called_at=called_at,
            quota_resets_at=self._by_our_clock(quota.resets_at, response) if quota and response is not None else None,
        )
        with self._meter_lock:
            self._meter(made)
        log.debug(
            "call",
            source=self.source,
            endpoint=made.endpoint,
            status=made.status,
            seconds=round(made.seconds, 3),
            attempt=attempt,
        )
        if response is None:
            return _Outcome(problem=f"no answer: {broken}", again=call.repeatable or not sent, unsure=sent)
        return self._judge(response, call.repeatable)

    def _judge(self, response: requests.Response, repeatable: bool) -> _Outcome:
        status = response.status_code
        refused = self._wire.refuses_for_now(status, response.content)
        if not refused and (status < 500 or self._wire.done_anyway(status, response.content)):
            return _Outcome(response)
        wait = retry_after_seconds(response.headers, self._server_time(response))
        if wait is None and refused and self._spent_until is not None:
            wait = max(0.0, (self._spent_until - self._clock()).total_seconds())
        if wait is None and refused:
            wait = self._wire.refused_for_seconds
        if refused and self.pace is not None:
            wait = self.pace.refused(self._clock(), wait or 0.0)
        again = refused or (repeatable and status in _PASSING)
        words = words_of(response, self._token)
        problem = _REFUSALS.get(status, "too many requests") if refused else f"the server answered {status}"
        return _Outcome(
            response,
            problem + (f" ({words})" if words else ""),
            again and (wait is None or wait <= LONGEST_WAIT_SECONDS),
            refused,
            wait,
            unsure=not refused,
        )

    def _pause(self, state: RetryCallState) -> float:
        outcome: _Outcome = state.outcome.result()  # type: ignore[union-attr]
        first, longest = _FIRST_PAUSE, _LONGEST_PAUSE
        if outcome.refused and outcome.retry_after is None:
            first, longest = _FIRST_REFUSED_PAUSE, _LONGEST_REFUSED_PAUSE
        jitter = (0.5 + self._random() / 2) * min(longest, first * 2.0 ** (state.attempt_number - 1))
        pause = (outcome.retry_after or 0.0) + jitter
        log.info("call is repeated", source=self.source, why=outcome.problem, pause_seconds=round(pause, 2))
        return pause

    def _wait_for_quota(self, endpoint: str) -> None:
        until = self._spent_until
        if until is None:
            return
        wait = (until - self._clock()).total_seconds()
        if wait > LONGEST_WAIT_SECONDS:
            raise RetryableError(
                f"{self.source}: {endpoint}: the quota is spent for another {wait:.0f} s. Run it again then.",
                retry_after_seconds=wait,
            )
        if wait > 0:
            log.info("quota is spent", source=self.source, pause_seconds=round(wait, 2))
            self._sleep(wait)
        self._spent_until = None

    def _wait_for_turn(self, endpoint: str) -> None:
        wait = 0.0 if self.pace is None else self.pace.wait(self._clock(), LONGEST_TURN_SECONDS)
        if wait > LONGEST_TURN_SECONDS:
            raise RetryableError(
                f"{self.source}: {endpoint}: it refused too many requests, and is not asked for another {wait:.0f} s."
                " Run it again then.",
                retry_after_seconds=wait,
            )
        if wait > 0:
            self._sleep(wait)

    def _wait_for_write(self) -> None:
        wait = self._write_pace.wait_seconds() if self._write_pace is not None else 0.0
        if wait > 0:
            log.info("writes are slowed down", source=self.source, pause_seconds=round(wait, 2))
            self._sleep(wait)

    def _note_quota(self, response: requests.Response) -> Quota | None:
        server_time = self._server_time(response)
        quota = self._wire.quota(response.headers, server_time) if self._wire.quota else None
        if quota is not None:
            wait = quota.spent_until - server_time if quota.spent_until else timedelta(0)
            self._spent_until = self._clock() + wait if wait > timedelta(0) else None
        return quota

    def _by_our_clock(self, moment: datetime | None, response: requests.Response) -> datetime | None:
        return None if moment is None else self._clock() + (moment - self._server_time(response))

    def _server_time(self, response: requests.Response) -> datetime:
        return http_date(response.headers.get("Date")) or self._clock()

    @contextmanager
    def _token_on(self, request: requests.PreparedRequest) -> Iterator[None]:
        if self.should_strip_auth(self.base_url, request.url or ""):  # type: ignore[no-untyped-call]
            yield
            return
        request.headers[self._wire.auth_header] = self._wire.auth_prefix + self._token.get_secret_value()
        try:
            yield
        finally:
            del request.headers[self._wire.auth_header]

    def _endpoint_of(self, method: str, url: str) -> str:
        path = urlsplit(url).path.removeprefix(urlsplit(self.base_url).path)
        return f"{method} " + "/".join(":id" if _ID_SEGMENT.fullmatch(part) else part for part in path.split("/"))

    def _raise_for_refusal(self, response: requests.Response, endpoint: str | None) -> None:
        status = response.status_code
        if status not in (401, 403, 404):
            return
        request = response.request
        where = f"{self.source}: {endpoint or self._endpoint_of(request.method or '', request.url or '')}"
        words = words_of(response, self._token) or response.reason or ""
        raise_refusal(status, f"{where}: {status} {words.removeprefix(str(status)).strip()}".rstrip())


class _Adapter(HTTPAdapter):
    """Hands every call on the wire, each hop of a redirect too, to the session that decides on it."""

    def __init__(self, http: Http, timer: Callable[[], float]) -> None:
        super().__init__(pool_connections=4, pool_maxsize=8)
        self._http, self._timer = http, timer

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer, read to its end, so that a transfer that breaks off is tried again as well."""
        deadline = timeout or (CONNECT_SECONDS, READ_SECONDS)

        def once() -> requests.Response:
            response = HTTPAdapter.send(self, request, True, deadline, verify, cert, proxies)
            read_whole(response, self._timer)
            return response

        return self._http.call(request, once)


@contextmanager
def _telling(told: _Told) -> Iterator[None]:
    mark = _told.set(told)
    try:
        yield
    finally:
        _told.reset(mark)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _last_outcome(state: RetryCallState) -> Any:
    return state.outcome.result()  # type: ignore[union-attr]
