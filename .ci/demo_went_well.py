"""Whether the demo of an installed wheel did all that it tells: `demo_went_well.py DOCUMENT`."""

import json
import sys
from pathlib import Path

demo = json.loads(Path(sys.argv[1]).read_text())
assert all(one["new"] > 0 and one["error"] is None for one in demo["pulled"]["sources"].values()), demo["pulled"]
assert set(demo["pulled"]["sources"]) == {"gitlab", "linear", "github", "notion", "motion"}, demo["pulled"]
made = {step["source"] for step in demo["routed"]["steps"] if step["operation"] == "create"}
assert made >= {"linear", "motion"}, demo["routed"]
assert demo["first"]["failed"] == 0, demo["first"]
assert {step["source"] for step in demo["plan"]["steps"]} == {"gitlab", "linear", "motion"}, demo["plan"]
assert [one["field"] for one in demo["conflicts"]] == ["title"], demo["conflicts"]
assert demo["refused"]["waiting"], demo["refused"]
assert not demo["survived"].get("waiting"), demo["survived"]
assert demo["survived"]["failed"] == 0, demo["survived"]
assert demo["survived"]["applied"] > 0, demo["survived"]
assert demo["undone"]["applied"] > 0, demo["undone"]
assert demo["last"]["steps"] == [] == demo["last"]["conflicts"], demo["last"]
sys.stdout.write(f"the installed wheel ran its demo under Python {sys.version.split()[0]}\n")
