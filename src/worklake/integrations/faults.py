"""What broken connections and refusing answers mean, and what they say in words."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import orjson
import requests
from pydantic import SecretStr
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from worklake.errors import AccessError, AuthError, NotFoundError


def words_of(response: requests.Response, token: SecretStr) -> str:
    """What the provider says in an answer that refuses; nothing where it is a web page."""
    if "html" in response.headers.get("Content-Type", ""):
        return ""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        text = response.content[:500].decode(errors="replace")
    else:
        known = [body[key] for key in ("message", "error", "errors") if key in body] if isinstance(body, dict) else []
        text = _in_words(known[0] if known else body)
    return " ".join(text.replace(token.get_secret_value(), "[redacted]").split())[:200]


def said(error: requests.RequestException) -> str:
    """A network error in a few words, without the request that it holds."""
    if isinstance(error, requests.Timeout):
        return "it took too long"
    cause: BaseException = error
    while (inner := _inner(cause)) is not None:
        cause = inner
    text = str(cause).rpartition(": ")[2] if isinstance(cause, NewConnectionError) else str(cause)
    return f"{type(error).__name__}: {text[:200].rstrip('.') or type(cause).__name__}"


def stay_here(base_url: str, asked: str, target: str, session: requests.Session) -> None:
    """Raises `requests.RequestException` where a redirect leads away from the server of `base_url`.

    Another server gets no token, so that what it answers is not the provider's answer to us.
    """
    try:
        url = urljoin(asked, target)
        leaves = session.should_strip_auth(base_url, url)  # type: ignore[no-untyped-call]
        elsewhere = urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        leaves, elsewhere = True, "an address that is none"
    if leaves:
        raise requests.exceptions.InvalidURL(f"the server sends us on to {elsewhere or target[:200]}")


def _inner(error: BaseException) -> BaseException | None:
    """The error that this one was made of, as requests and urllib3 keep it."""
    held = (getattr(error, "reason", None), *reversed(error.args))
    return next((one for one in held if isinstance(one, BaseException)), None)


def _in_words(told: Any) -> str:
    if isinstance(told, str):
        return told
    if isinstance(told, list):
        messages = [one["message"] for one in told if isinstance(one, dict) and isinstance(one.get("message"), str)]
        if messages:
            return "; ".join(messages)
    return orjson.dumps(told).decode()


def was_sent(error: requests.RequestException) -> bool:
    """Whether the request may have reached the server; not when there was no connection to send it on."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return not isinstance(reason, NewConnectionError | ConnectTimeoutError)


def raise_refusal(status: int, what: str) -> NoReturn:
    """Raises the error for 401, 403 and 404."""
    if status == 401:
        raise AuthError(
            f"{what}. The token is wrong, expired or revoked: make a new one and put it where `token` in"
            " conf/sources.yml points."
        )
    if status == 403:
        raise AccessError(
            f"{what}. The token may not do this: give it the missing scope, or its account the missing role."
        )
    raise NotFoundError(f"{what}. It does not exist, or this token may not see it.")
