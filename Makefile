# The interface to the project; every target sets up .venv from uv.lock when it is needed.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := false
export UV_PYTHON_DOWNLOADS := never
export PYTHON := $(shell command -v python3.11 || command -v python3)

UV := $(shell command -v uv || echo .tools/bin/uv)
READY := .venv/.ready
BIN := .venv/bin
DBT_FILES := $(shell find dbt_project -path dbt_project/target -prune -o -type f -print)
MANIFEST := dbt_project/target/manifest.json
SQL := dbt_project/models dbt_project/macros dbt_project/tests
SUPERSET := examples/superset/.venv
SITE := .venv-docs
# codespell takes single words; of the dictionary's phrases a pattern is made, tried before single words
PHRASES := $(shell sed -n 's/->.*//p' .ci/words.txt | grep ' ' | paste -sd '|')
WORDED := README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md docs examples benchmarks planner sales_files xero_sandbox \
  dbt_project/macros dbt_project/tests $(wildcard pipelines/*.py) \
  $(addprefix pipelines/,exceptions expectations forecasting landing organisations planning_settings policy_backtest) \
  $(addprefix pipelines/,product_groups purchasing replenishment spreadsheets storage store xero) \
  dbt_project/models stocktrim_assets stocktrim_cli tests
PORT ?= 8088

.PHONY: help install demo serve test-fast test lint fmt bench bench-forecast bench-sandbox bench-load bench-policy bench-warehouse bench-year soak screenshots docs docs-site superset clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(READY) $(MANIFEST) ## set up .venv (the command is then .venv/bin/stocktrim)

demo: install ## the whole loop on a generated wholesaler, with no account
	@$(BIN)/stocktrim demo

serve: install ## the sandbox, Dagster's web server and its daemon on this machine
	@$(BIN)/stocktrim serve

test-fast: install ## the rules that are worked out in memory, in half a minute
	$(BIN)/pytest -m "fast and not soak" --numprocesses 2 --dist worksteal

test: install $(SITE)/.ready ## the tests, by three workers: each waits for others a fifth of its time
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

soak: install ## the long tests
	$(BIN)/pytest -m soak

lint: install $(SITE)/.ready ## style, types, import rules, SQL format, layers of models, words, and the links of the pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfmt --check --no-progressbar $(SQL)
	$(BIN)/dbt-bouncer run --config-file dbt_project/dbt-bouncer.yml
	$(BIN)/codespell --skip "*/vendor/*" --dictionary=-,.ci/words.txt --regex "\b(?:$(PHRASES))\b|[\w'’-]+" $(WORDED)
	$(SITE)/bin/zensical build --strict

fmt: install ## format Python and SQL
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfmt --no-progressbar $(SQL)

bench: install ## CPU seconds, wall time and memory of every command, beside the floor that Dagster and dbt set
	@$(BIN)/python -m benchmarks.commands

bench-sandbox: install ## how fast the sandbox serves invoices, and how much memory it holds
	@$(BIN)/python -m benchmarks.sandbox_speed

bench-load: install ## what reading Xero costs, beside its own library, and how it grows
	@$(BIN)/python -m benchmarks.load
	@$(BIN)/python -m benchmarks.load --large

bench-warehouse: install ## CPU seconds and peak memory of building the warehouse, at up to five million sales lines
	@$(BIN)/python -m benchmarks.warehouse

bench-policy: install ## our rule and its rivals in money, on STOCKTRIM_SALES_FILE and on generated sales
	@for half in held_out all; do $(BIN)/python -m benchmarks.policy retail --half $$half || exit 1; done
	@$(BIN)/python -m benchmarks.policy retail --half held_out --lost --products 700
	@for what in stationary seasonal shifting lumpy random_lead_times; do $(BIN)/python -m benchmarks.policy $$what || exit 1; done
	@$(BIN)/python -m benchmarks.order_speed
	@$(BIN)/python -m benchmarks.money

bench-year: install ## a year of weekly reviews in the sandbox by the real commands: service, stock, and what was absurd
	@$(BIN)/python -m benchmarks.simulated_year

bench-forecast: install ## what a forecast and a plan cost as products grow, and what dominates them
	@$(BIN)/python -m benchmarks.forecast_speed

screenshots: install ## every screen of the desk over the demo organisation: light, dark, tablet, phone, in .cache/screenshots
	@$(BIN)/python -m tests.docs.screenshots

docs: install ## write the pages that are made from the running system, and dbt's own as one file
	$(BIN)/python -m tests.docs.interfaces_page
	$(BIN)/python -m tests.docs.bi_page
	$(BIN)/python -m tests.docs.exceptions_page
	$(BIN)/python -m tests.docs.tour_page
	$(BIN)/dbt docs generate --project-dir dbt_project --profiles-dir dbt_project --static

docs-site: $(SITE)/.ready ## the pages as a site, with search, at http://127.0.0.1:8000
	@$(SITE)/bin/zensical serve

superset: $(SUPERSET)/.ready ## Superset with a dashboard of what is published, in an environment of its own
	@PORT=$(PORT) $(SUPERSET)/bin/python -m examples.superset.start

clean: ## remove what was built, but no data
	rm -rf .venv .tools $(SITE) $(SUPERSET) site .cache dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache

$(READY): uv.lock pyproject.toml | $(UV)
	@$(UV) sync --frozen --compile-bytecode --quiet --python $(PYTHON)
	@touch $@

$(SITE)/.ready: docs/requirements.txt | $(UV)
	@$(UV) venv --quiet --clear --python $(PYTHON) $(SITE)
	@$(UV) pip sync --compile-bytecode --quiet --python $(SITE)/bin/python $<
	@touch $@

$(SUPERSET)/.ready: examples/superset/requirements.txt | $(UV)
	@echo "Fetching Superset, 0.7 GB on disk ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) $(SUPERSET)
	@$(UV) pip sync --compile-bytecode --quiet --python $(SUPERSET)/bin/python $<
	@touch $@

.tools/bin/uv:
	@echo "Fetching uv, which sets up the environment ..."
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

$(MANIFEST): $(DBT_FILES) stocktrim_assets/dbt/column_lineage.py stocktrim_assets/dbt/__main__.py | $(READY)
	@STOCKTRIM_WAREHOUSE=$(abspath $(@D))/warehouse.duckdb $(BIN)/python -m stocktrim_assets.dbt --quiet compile \
	  --select resource_type:model --project-dir dbt_project --profiles-dir dbt_project
	@$(BIN)/python -m stocktrim_assets.dbt.column_lineage $@
	@touch $@
