"""What was written of tasks that went, as a person said since that they are others."""

from __future__ import annotations

from collections.abc import Sequence

from worklake.model.heart_rows import Write
from worklake.sync.heart.store import Loaded, Store


def followed(store: Store, writes: Sequence[Write]) -> tuple[list[Write], dict[str, Loaded]]:
    """These writes, each as of the task that its item is now, and these tasks. The ledger keeps them as they were
    meant.
    """
    tasks = {write.task_id for write in writes}
    loaded = store.load(tasks)
    went = store.went(tasks - loaded.keys())
    if not went:
        return list(writes), loaded
    now = [write.model_copy(update={"task_id": went.get(write.task_id, write.task_id)}) for write in writes]
    return now, loaded | store.load(set(went.values()) - loaded.keys())
