"""The floor: every page downloaded and parsed with `requests`, nothing else. `python -m bench.bare ISSUES_URL`."""

from __future__ import annotations

import json
import sys

import requests


def rows_of(url: str) -> int:
    """How many issues there are behind this list, each parsed and dropped."""
    rows = 0
    with requests.Session() as session:
        following: str | None = url
        while following:
            answer = session.get(following, timeout=60)
            answer.raise_for_status()
            rows += len(answer.json())
            following = answer.links.get("next", {}).get("url")
    return rows


if __name__ == "__main__":
    print(json.dumps({"rows": rows_of(sys.argv[1])}))
