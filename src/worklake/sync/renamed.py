"""A source that is called otherwise in the settings than before is refused: all it reads would become new tasks."""

from __future__ import annotations

from worklake.errors import SettingsError
from worklake.lake.lake import Lake
from worklake.sync.cursors import cursors_of
from worklake.sync.run import RunContext

_PLACES = """
    select source, max(key) as key from {links} where kind = 'task' and key is not null and {among}
    group by source, regexp_replace(key, '[0-9]+$', '')
"""


def refuse_renamed(lake: Lake, run: RunContext) -> None:
    """Raises `SettingsError` where a source that was never pulled would read what the lake knows as another source,
    which the settings no longer name. A key is looked at for each project or team.
    """
    pulled = {source for source, stage in cursors_of(lake, run) if stage == "pull"}
    new = [one for one in run.sources if one.name not in pulled]
    gone = pulled - {one.name for one in (*run.sources, *run.elsewhere)}
    if not new or not gone:
        return
    for row in lake.rows_among(_PLACES, "source", gone):
        for one in new:
            if one.integration.covers(row["key"]):
                raise SettingsError(
                    f"conf/sources.yml: the source {one.name!r} reads what the lake knows as the source"
                    f" {row['source']!r}, such as {row['key']}. Call it {row['source']!r} again: under another name all"
                    " its items would be new tasks, and all comments would be copied once more. Where it is another"
                    " account with a project or team of the same name, give it a lake of its own"
                )
