"""Values spelled out in queries, where an engine binds no parameters."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from worklake.lake.names import with_values


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("it's", r"'it\'s'"),
        ("a \\ b", r"'a \\ b'"),
        ("${env:HOME}", r"'$\{env:HOME}'"),
        ("line\nline", "'line\nline'"),
        (-1, "(-1)"),
        (True, "TRUE"),
        (None, "NULL"),
        (0.5, "DOUBLE('0.5')"),
        (date(2026, 3, 5), "DATE '2026-03-05'"),
        (datetime(2026, 3, 5, 8, 30, tzinfo=UTC), "TIMESTAMP '2026-03-05T08:30:00+00:00'"),
    ],
)
def test_a_value_stands_as_a_literal(value: object, spelled: str) -> None:
    assert with_values("SELECT 1 WHERE x=:a AND y > 2", {"a": value}) == f"SELECT 1 WHERE x={spelled} AND y > 2"


@pytest.mark.parametrize("kept", ["':a'", '":a"', "`s:a`", "-- :a\n1", "/* :a */ 1", "x::ab", ":ab", "t.`p/x:a`.b"])
def test_what_is_no_parameter_stays(kept: str) -> None:
    assert with_values(f"SELECT {kept}", {"a": 1}) == f"SELECT {kept}"


def test_a_value_that_has_no_literal_is_refused() -> None:
    with pytest.raises(TypeError, match="text, a number, a date or a time, found list"):
        with_values("SELECT :a", {"a": [1]})
