"""The row of the table `routes`: where a task should be, and why."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from worklake.model.rows import Row


class Route(Row):
    """The routing decision for a task. Only tasks for which a rule holds, or once held, have one."""

    task_id: str = Field(description="The task")
    rule: str | None = Field(description="Name of the rule that decided; null where none holds any more")
    reason: str = Field(description="Why it was decided so")
    # Null rather than an empty list: the embedded engine merges tables with empty lists three times as slowly.
    targets: list[str] | None = Field(description="The sources that must hold the task, if a rule says so")
    rule_fingerprint: str = Field(description="Stands for the rule as it was; empty where none holds any more")
    run_id: str = Field(description="The run that decided it")
    decided_at: datetime = Field(description="When it was decided")
