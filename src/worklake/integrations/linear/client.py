"""Asks Linear's one endpoint: gql on top of the source's HTTP session, which retries and meters."""

from __future__ import annotations

from typing import Any

import orjson
from gql import Client, GraphQLRequest
from gql.transport import Transport
from graphql import ExecutionResult

from worklake.errors import RetryableError, UnknownOutcomeError
from worklake.integrations.base import Payload
from worklake.integrations.http import Http
from worklake.integrations.linear.queries import Call
from worklake.integrations.linear.refusals import refusal, refusal_of_write
from worklake.integrations.parsing import parsed


class LinearClient:
    """Sends operations. What only reads is tried again when the reply is lost; what writes is not."""

    def __init__(self, http: Http) -> None:
        # No schema is fetched: the documents are checked against it by the tests.
        self._session = Client(transport=_HttpTransport(http)).connect_sync()  # type: ignore[no-untyped-call]

    def ask(self, call: Call) -> Payload:
        """The answer's `data`. An answer with errors raises the gravest of them, even if it holds data as well.

        Of what writes, `RefusedValueError` names the field where Linear's words tell which one it is.
        """
        data: Payload = self._session.execute(call)
        return data


class _HttpTransport(Transport):
    def __init__(self, http: Http) -> None:
        self._http = http

    def execute(self, request: GraphQLRequest, *args: Any, **kwargs: Any) -> ExecutionResult:
        """The answer, when it has no errors."""
        if not isinstance(request, Call):
            raise TypeError(f"{request!r} is not one of the operations of this package")
        asked = request.operation
        operation = f"{'mutation' if asked.writes else 'query'} {asked.name}"
        response = self._http.request(
            "POST",
            f"{self._http.base_url}/graphql",
            data=orjson.dumps(request.payload),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            endpoint=operation,
            repeatable=asked.repeatable,
            writes=asked.writes,
        )
        where = f"{self._http.source}: {operation}"
        try:
            answer = parsed(response.content)
        except ValueError:
            answer = None
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if isinstance(errors, list) and errors:
            if asked.writes:
                raise refusal_of_write(
                    errors, response.status_code, where, (request.variable_values or {}).get("input")
                )
            raise refusal(errors, response.status_code, where)
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            kind = UnknownOutcomeError if asked.writes else RetryableError
            raise kind(
                f"{where}: the server answered {response.status_code} with something that is no GraphQL answer."
                f" Check that `base_url` in conf/sources.yml ({self._http.base_url}) is Linear's API, and the network."
            )
        return ExecutionResult(data=data)
