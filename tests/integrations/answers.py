"""A small HTTP server that answers what a test told it to, in order, and keeps what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """One answer. `drop` cuts the connection instead; `promised` is a length that the body does not keep.

    `hold` is waited for before anything is sent, or before what comes after the first `at_once` bytes of the body.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    drop: bool = False
    promised: int | None = None
    hold: threading.Event | None = None
    at_once: int | None = None


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class AnswerServer:
    """The last answer is repeated when no other is left."""

    base_url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def will_answer(self, *answers: Answer) -> None:
        self.answers[:] = answers


@contextmanager
def answering(*answers: Answer) -> Iterator[AnswerServer]:
    told = AnswerServer(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            told.asked.append(asked)
            answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            if answer.hold is not None and answer.at_once is None:
                answer.hold.wait(10)
            if answer.drop:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(answer.promised or len(answer.body)))
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(answer.body[: answer.at_once])
                if answer.at_once is not None:
                    if answer.hold is not None:
                        answer.hold.wait(10)
                    self.wfile.write(answer.body[answer.at_once :])
            self.close_connection = answer.promised is not None

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
