"""Processes that are forked from one that has imported what takes the most time of a start."""

import multiprocessing

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["tests.support.preloaded"])
