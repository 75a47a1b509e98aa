"""What worklake is compared with: dlt's `rest_api` source merging the same list into a Delta table.

`python -m bench.dlt_load BASE_URL FOLDER` runs the pipeline that lives in FOLDER once more: the first time it loads
everything, later what changed since. The settings are dlt's own but for those that a user of this feed would state:
the endpoint's order and page size, its key, its cursor, the table format. Nested lists become tables of their own, as
is dlt's way.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import dlt
from dlt.sources.rest_api import RESTAPIConfig, rest_api_source

from bench.issues import PROJECT_ID


def config(base_url: str) -> RESTAPIConfig:
    """The feed's issues as dlt is told of them."""
    return {
        "client": {"base_url": f"{base_url}/api/v4/", "paginator": "header_link"},
        "resources": [
            {
                "name": "issues",
                "primary_key": "id",
                "write_disposition": {"disposition": "merge", "strategy": "upsert"},
                "table_format": "delta",
                "endpoint": {
                    "path": f"projects/{PROJECT_ID}/issues",
                    "params": {
                        "pagination": "keyset",
                        "order_by": "updated_at",
                        "sort": "asc",
                        "per_page": 100,
                        "updated_after": "{incremental.start_value}",
                    },
                    "incremental": {
                        "cursor_path": "updated_at",
                        "initial_value": "2000-01-01T00:00:00.000Z",
                        "row_order": "asc",
                    },
                },
            }
        ],
    }


def load(base_url: str, folder: Path) -> int:
    """Run the pipeline of this folder once; the issues it loaded."""
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=(folder / "lake").as_uri()),
        dataset_name="gitlab",
    )
    pipeline.run(rest_api_source(config(base_url))).raise_on_failed_jobs()
    trace = pipeline.last_trace.last_normalize_info
    return trace.row_counts.get("issues", 0) if trace else 0


if __name__ == "__main__":
    print(json.dumps({"rows": load(sys.argv[1], Path(sys.argv[2]))}))
