"""The page that documents the tables, generated from their declarations."""

from __future__ import annotations

from worklake.lake.schema import arrow_schema, sql_type
from worklake.lake.tables import TABLES, Table


def tables_markdown() -> str:
    """The text of `docs/tables.md`."""
    head = (
        "# Tables\n\n"
        "Generated from `src/worklake/lake/tables.py` and the row models; do not edit. "
        "Write it anew with `python -m worklake.lake.docs > docs/tables.md`.\n"
    )
    return "\n".join([head, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    key = f"Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else "Append-only."
    rows = "\n".join(
        f"| `{field.name}` | {sql_type(field.type)} | {'yes' if field.nullable else ''} "
        f"| {(field.metadata or {}).get(b'comment', b'').decode().replace('|', chr(92) + '|')} |"
        for field in arrow_schema(table.row)
    )
    return (
        f"## {table.name}\n\n{table.comment}. {key}\n\n| column | type | null | meaning |\n|---|---|---|---|\n{rows}\n"
    )


if __name__ == "__main__":
    import sys

    sys.stdout.write(tables_markdown())
