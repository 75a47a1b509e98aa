"""Estimates and time spent on issues and merge requests."""

from __future__ import annotations

from dataclasses import replace

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.durations import parse_duration
from worklake.sandbox.gitlab.entities import REPORTER, Issue
from worklake.sandbox.gitlab.errors import ApiError, invalid_parameter
from worklake.sandbox.gitlab.merge_request_edits import commit
from worklake.sandbox.gitlab.rendering import time_stats


def _stats(call: Call) -> Reply:
    return json_reply(time_stats(call.noteable()))


def _estimate(call: Call) -> Reply:
    seconds = _duration(call)
    if seconds < 0:
        raise invalid_parameter("duration is invalid")
    return _set(call, estimate=seconds)


def _reset_estimate(call: Call) -> Reply:
    return _set(call, estimate=0)


def _spend(call: Call) -> Reply:
    spent = call.noteable().time_spent + _duration(call)
    if spent < 0:
        raise ApiError(400, {"message": {"base": ["Time to subtract exceeds the total time spent"]}})
    return _set(call, spent=spent, status=201)


def _reset_spent(call: Call) -> Reply:
    return _set(call, spent=0)


def _set(call: Call, *, estimate: int | None = None, spent: int | None = None, status: int = 200) -> Reply:
    one = call.noteable()
    call.require(REPORTER)
    new_estimate = one.time_estimate if estimate is None else estimate
    new_spent = one.time_spent if spent is None else spent
    if isinstance(one, Issue):
        draft = replace(call.site.editor.draft_of(one), time_estimate=new_estimate, time_spent=new_spent)
        call.site.editor.commit(one, draft, call.user)
    else:
        commit(call.site, one, replace(one, time_estimate=new_estimate, time_spent=new_spent), call.user)
    return json_reply(time_stats(one), status)


def _duration(call: Call) -> int:
    seconds = parse_duration(call.body.required("duration"))
    if seconds is None:
        raise invalid_parameter("duration is invalid")
    return seconds


def _routes(path: str) -> tuple[Route, ...]:
    return (
        Route("GET", f"{path}/time_stats", _stats),
        Route("POST", f"{path}/time_estimate", _estimate),
        Route("POST", f"{path}/reset_time_estimate", _reset_estimate),
        Route("POST", f"{path}/add_spent_time", _spend),
        Route("POST", f"{path}/reset_spent_time", _reset_spent),
    )


ROUTES = (*_routes("/projects/:id/issues/:iid"), *_routes("/projects/:id/merge_requests/:iid"))
