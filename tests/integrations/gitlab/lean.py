"""A lean GitLab that lists issues over HTTP as it is told to, and whose list can move while it is read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

SAME_TIME = "2026-03-18T09:00:00.000Z"


def rows_of_one_time(count: int) -> list[dict[str, Any]]:
    return [{"id": n, "iid": n, "project_id": 7, "updated_at": SAME_TIME} for n in range(1, count + 1)]


@dataclass
class Lean:
    """`tells` is how it names the next page; `refuses_keyset` the status with which it does so."""

    rows: list[dict[str, Any]]
    tells: frozenset[str] = frozenset({"Link", "X-Next-Page"})
    refuses_keyset: int | None = 405
    largest_page: int = 100
    smallest_page: int = 1
    date: str | None = None
    between: Callable[[Lean, Mapping[str, str]], None] = lambda lean, query: None
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    def edit(self, number: int, at: str) -> None:
        """Change an issue: it moves to the end of the list."""
        row = next(row for row in self.rows if row["id"] == number)
        row["updated_at"] = at
        self.rows.sort(key=lambda row: (row["updated_at"], row["id"]))

    def page(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """The answer to a list."""
        if "pagination" in query and self.refuses_keyset:
            return self.refuses_keyset, {}, {"error": "keyset pagination is not available here"}
        number, size = (
            int(query.get("page", 1)),
            max(min(int(query["per_page"]), self.largest_page), self.smallest_page),
        )
        found = [row for row in self.rows if row["updated_at"] >= query.get("updated_after", "")]
        headers = {}
        more = number * size < len(found)
        if "X-Next-Page" in self.tells:
            headers |= {"X-Page": str(number), "X-Next-Page": str(number + 1) if more else ""}
        if "Link" in self.tells and more:
            following = urlencode(query | {"page": str(number + 1)})
            headers["Link"] = f'<{self.url}/api/v4/projects/7/issues?{following}>; rel="next"'
        return 200, headers, found[(number - 1) * size : number * size]


@contextmanager
def serving(lean: Lean) -> Iterator[Lean]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = dict(parse_qsl(address.query))
            if address.path.endswith("/issues"):
                lean.asked.append(query)
                status, headers, body = lean.page(query)
            else:
                status, headers, body = 200, {}, {"id": 7, "name": "Web"}
            content = json.dumps(body).encode()
            if address.path.endswith("/issues"):
                lean.between(lean, query)
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if lean.date:
                self.send_header("Date", lean.date)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    lean.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield lean
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
