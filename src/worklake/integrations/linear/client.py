"""Asks Linear's one endpoint: gql on top of the source's HTTP session, which retries and meters."""

from __future__ import annotations

from typing import Any

import orjson
from gql import Client, GraphQLRequest
from gql.transport import Transport
from graphql import ExecutionResult

from worklake.errors import RetryableError
from worklake.integrations.base import Payload
from worklake.integrations.http import Http
from worklake.integrations.linear.queries import Call
from worklake.integrations.linear.refusals import refusal


class LinearClient:
    """Sends the operations of `queries`; all of them only read, so they may be tried again."""

    def __init__(self, http: Http) -> None:
        # No schema is fetched: the documents are checked against it by the tests.
        self._session = Client(transport=_HttpTransport(http)).connect_sync()  # type: ignore[no-untyped-call]

    def ask(self, call: Call) -> Payload:
        """The answer's `data`. An answer with errors raises the gravest of them, even if it holds data as well."""
        data: Payload = self._session.execute(call)
        return data


class _HttpTransport(Transport):
    def __init__(self, http: Http) -> None:
        self._http = http

    def execute(self, request: GraphQLRequest, *args: Any, **kwargs: Any) -> ExecutionResult:
        """The answer, when it has no errors."""
        operation = f"query {request.operation_name}"
        response = self._http.request(
            "POST",
            f"{self._http.base_url}/graphql",
            data=orjson.dumps(request.payload),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            endpoint=operation,
            repeatable=True,
        )
        where = f"{self._http.source}: {operation}"
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            answer = None
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if isinstance(errors, list) and errors:
            raise refusal(errors, response.status_code, where)
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            raise RetryableError(
                f"{where}: the server answered {response.status_code} with something that is no GraphQL answer."
                f" Check that `base_url` in conf/sources.yml ({self._http.base_url}) is Linear's API, and the network."
            )
        return ExecutionResult(data=data)
