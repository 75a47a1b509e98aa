"""A lean GitLab: one project of made-up issues on loopback, as fast as a client can read it.

`python -m bench.feed COUNT [OPTIONS]` prints its address as one JSON line when it is ready and serves until it is
terminated. No rate limits and no oddities: what is measured is the reader. Issues are listed in the order of their
last update only; `POST /_touch?count=100` edits so many of them now.
"""

from __future__ import annotations

import argparse
import base64
import json
import socket
import time
from bisect import bisect_left
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.issues import FIRST_UPDATE_MS, PROJECT_ID, PROJECT_PATH, STEP_MS, Issues, Shared, shown_time

_SCATTER = 7_368_787
"""A prime, so that its multiples modulo the count are spread and all different."""


class Order:
    """All issues by last update: the untouched ones by number, then the touched ones as they were touched."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._touched: dict[int, tuple[int, int]] = {}
        self._tail: list[int] = []
        self._gone: list[int] = []
        self._offset = 0

    def touch(self, count: int, now_ms: int) -> None:
        """Edit so many issues, all of them updated now and later than every other."""
        chosen = dict.fromkeys(1 + (self._offset + step) * _SCATTER % self.count for step in range(count))
        self._offset += count
        latest = self._touched[self._tail[-1]][1] if self._tail else 0
        first_ms = max(now_ms - len(chosen), latest + 1)
        for place, number in enumerate(chosen):
            edits = self._touched.pop(number, (0, 0))[0]
            self._touched[number] = (edits + 1, first_ms + place)
        self._tail, self._gone = list(self._touched), sorted(self._touched)

    def entries(self, start: int, count: int) -> list[tuple[int, int, int]]:
        """The issues at these places: number, edits, update in epoch ms."""
        found = []
        for place in range(start, min(start + count, self.count)):
            number = self._number_at(place)
            edits, updated_ms = self._touched.get(number) or (0, FIRST_UPDATE_MS + number * STEP_MS)
            found.append((number, edits, updated_ms))
        return found

    def place_from(self, updated_ms: int) -> int:
        """The place of the first issue updated at this moment or later."""
        untouched = self.count - len(self._gone)
        number = -(-(updated_ms - FIRST_UPDATE_MS) // STEP_MS)
        if number <= self.count:
            number = max(number, 1)
            return number - 1 - bisect_left(self._gone, number)
        return untouched + sum(self._touched[number][1] < updated_ms for number in self._tail)

    def _number_at(self, place: int) -> int:
        untouched = self.count - len(self._gone)
        if place >= untouched:
            return self._tail[place - untouched]
        number = place + 1
        for gone in self._gone:
            if gone > number:
                break
            number += 1
        return number


class Feed:
    """What the routes answer."""

    def __init__(self, count: int, issues: Issues, base_url: str) -> None:
        self._base_url = base_url
        self._issues = issues
        self._order = Order(count)

    async def listed(self, request: Request) -> Response:
        """A page of issues, by keyset or by offset, in the order of their last update."""
        query = dict(parse_qsl(request.scope["query_string"].decode()))
        per_page = min(int(query.get("per_page", 20)), 100)
        if (query.get("order_by", "created_at"), query.get("sort", "desc")) != ("updated_at", "asc"):
            return _json({"error": "this feed lists issues with order_by=updated_at and sort=asc only"}, 400)
        first = self._order.place_from(_epoch_ms(query["updated_after"])) if "updated_after" in query else 0
        if query.get("pagination") == "keyset":
            start = _place(query["cursor"]) if "cursor" in query else first
            query["cursor"] = base64.urlsafe_b64encode(str(start + per_page).encode()).decode()
        else:
            page = int(query.get("page", 1))
            start = first + (page - 1) * per_page
            query["page"] = str(page + 1)
        entries = self._order.entries(start, per_page)
        headers = {}
        if start + per_page < self._order.count:
            headers["Link"] = f'<{self._base_url}{request.scope["raw_path"].decode()}?{urlencode(query)}>; rel="next"'
            if "page" in query:
                headers["X-Next-Page"] = query["page"]
        return Response(self._issues.page(entries), media_type="application/json", headers=headers)

    async def notes(self, request: Request) -> Response:
        """The comments on an issue, on one page."""
        return _json(self._issues.notes(int(request.path_params["number"])))

    async def events(self, request: Request) -> Response:
        """The history of an issue: there is none."""
        return _json([])

    async def labels(self, request: Request) -> Response:
        """The labels, on one page."""
        return _json(self._issues.labels())

    async def project(self, request: Request) -> Response:
        """The project."""
        url = f"{self._base_url}/{PROJECT_PATH}"
        stated = {
            "id": PROJECT_ID, "name": "Big", "path": "big", "path_with_namespace": PROJECT_PATH, "description": "",
            "web_url": url, "archived": False, "created_at": shown_time(FIRST_UPDATE_MS), "default_branch": "main",
            "name_with_namespace": "Team / Big", "issues_enabled": True, "issues_access_level": "enabled",
            "permissions": {"project_access": {"access_level": 40}, "group_access": None},
            "updated_at": shown_time(FIRST_UPDATE_MS), "last_activity_at": shown_time(FIRST_UPDATE_MS),
        }  # fmt: skip
        return _json(stated)

    async def members(self, request: Request) -> Response:
        """The 50 people, on one page."""
        return _json([person | {"access_level": 30} for person in self._issues.people])

    async def milestones(self, request: Request) -> Response:
        """The 20 milestones, on one page."""
        return _json(self._issues.milestones)

    async def user(self, request: Request) -> Response:
        """The caller."""
        return _json(self._issues.people[0] | {"email": "bench@team.example"})

    async def metadata(self, request: Request) -> Response:
        """The version, one that lists project issues by keyset."""
        return _json({"version": "18.6.0-ee", "revision": "0123456789a", "enterprise": True})

    async def touch(self, request: Request) -> Response:
        """Edit issues now."""
        count = int(request.query_params["count"])
        self._order.touch(count, time.time_ns() // 1_000_000)
        return _json({"touched": count})


def app(count: int, issues: Issues, base_url: str) -> Starlette:
    """The feed as an ASGI application."""
    feed = Feed(count, issues, base_url)
    # An encoded path (team%2Fbig) arrives decoded.
    projects = [f"/api/v4/projects/{name}" for name in (str(PROJECT_ID), PROJECT_PATH)]
    endpoints = {
        "/issues": feed.listed, "": feed.project, "/members/all": feed.members, "/users": feed.members,
        "/milestones": feed.milestones, "/labels": feed.labels,
        "/issues/{number:int}/notes": feed.notes, "/issues/{number:int}/{events}": feed.events,
    }  # fmt: skip
    routes = [Route(project + path, endpoint) for project in projects for path, endpoint in endpoints.items()]
    routes += [
        Route("/api/v4/user", feed.user),
        Route("/api/v4/metadata", feed.metadata),
        Route("/_touch", feed.touch, methods=["POST"]),
    ]
    return Starlette(routes=routes)


def serve(count: int, shared: Shared, port: int, *, second: bool, noted: int) -> None:
    """Serve on a port of loopback (0: a free one) until terminated."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        # asyncio leaves this off where a socket does not name its protocol, and small answers then wait 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        issues = Issues(base_url, shared, second=second, noted=noted)
        config = uvicorn.Config(app(count, issues, base_url), log_level="warning", access_log=False, lifespan="off")
        print(json.dumps({"base_url": base_url}), flush=True)
        uvicorn.Server(config).run(sockets=[listening])


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _place(cursor: str) -> int:
    return int(base64.urlsafe_b64decode(cursor))


def _epoch_ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return -(-int(moment.timestamp() * 1_000_000) // 1000)


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.feed", description="A lean GitLab on loopback.")
    parser.add_argument("count", type=int, help="how many issues there are")
    parser.add_argument("--port", type=int, default=0, help="by default a free one")
    parser.add_argument("--shared", type=int, default=0, help="so many of them are on other servers as well")
    parser.add_argument("--address", action="append", default=[], metavar="URL", help="of a server that has those")
    parser.add_argument("--second", action="store_true", help="the other issues have texts of their own")
    parser.add_argument("--noted", type=int, default=0, help="every so many issues one has a comment")
    chosen = parser.parse_args()
    shared = Shared(chosen.shared, tuple(chosen.address))
    serve(chosen.count, shared, chosen.port, second=chosen.second, noted=chosen.noted)


if __name__ == "__main__":
    main()
