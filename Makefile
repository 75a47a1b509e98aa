# uv from the PATH, or one of our own beside the checkout's tools.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
PYTHON ?= python3
export UV_COMPILE_BYTECODE = 1

.PHONY: demo test test-slow test-spark simulate lint bench

demo: $(UV)  ## The main job on a made-up team, end to end
	@$(UV) run --quiet --no-default-groups --extra local --extra sandbox worklake demo

test: $(UV)  ## The test suite; no Java needed
	$(UV) run --quiet pytest

test-slow: $(UV)
	$(UV) run --quiet pytest -m slow

# Few rows are not worth compiled code: half the time, and the code cache does not fill up.
QUICK_SPARK = PYSPARK_SUBMIT_ARGS="--conf spark.sql.codegen.wholeStage=false \
	--conf spark.sql.codegen.factoryMode=NO_CODEGEN pyspark-shell" \
	JDK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"

WITH_SPARK = UV_PROJECT_ENVIRONMENT=.venv-spark $(QUICK_SPARK) $(UV) run --quiet --no-default-groups --group test \
	--extra spark --extra sandbox

test-spark: $(UV)  ## The same contract tests on Apache Spark with Delta; needs Java 17
	$(WITH_SPARK) python -m tests.support.jars
	$(WITH_SPARK) pytest -m spark -n 2

SCHEDULES ?= 2000
SEED ?= 0

simulate: $(UV)  ## Random schedules of people, faults and crashes; prints what they break: make simulate SCHEDULES=10000 SEED=1
	$(UV) run --quiet python -m worklake.testing.simulate --schedules $(SCHEDULES) --seed $(SEED)

lint: $(UV)  ## Style, types and the order of the rooms
	$(UV) run --quiet ruff check
	$(UV) run --quiet ruff format --check
	$(UV) run --quiet mypy
	$(UV) run --quiet lint-imports

bench: $(UV)  ## Speed against a bare download and dlt, as ratios of one run
	$(UV) run --quiet --group bench python -m bench

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv
