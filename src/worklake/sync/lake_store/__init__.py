"""The heart's store over the lake: tasks, links, changes, conflicts, plans and the ledger as rows of Delta tables."""

from worklake.sync.lake_store.links import ItemFacts
from worklake.sync.lake_store.store import LakeStore, nothing

__all__ = ["ItemFacts", "LakeStore", "nothing"]
