# Everything a newcomer needs; each target sets up what is missing (Python >= 3.11 and make are enough). `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help run demo test check format bench soak lock migrate

PORT     ?= 8000
DATA_DIR ?= ./data
WORKERS  ?= auto
ARGS     ?=
export PORT DATA_DIR

# The newest Python that runs: a name on the PATH may be a shim for a version that is not there, or lack venv.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
PREPARE = $(if $(PYTHON),$(PYTHON) tools/prepare.py,@echo "Python >= 3.11 with venv is needed (Debian: apt install python3-venv)" >&2; false)
BIN := .venv/bin

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

run: ## serve all four services at http://127.0.0.1:$PORT, data in $DATA_DIR
	@$(PREPARE) runtime
	@exec $(BIN)/careledger run $(ARGS)

demo: ## load real data into it and show what comes out
	@$(PREPARE) runtime
	@exec $(BIN)/careledger demo $(ARGS)

migrate: ## bring the databases of all services to this version
	@$(PREPARE) runtime
	@exec $(BIN)/careledger migrate $(ARGS)

test: ## run every test (ARGS="-k merge" narrows; REQUIRE_ENGINES=1 fails instead of skipping)
	@$(PREPARE) dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: ## lint, types, import rules
	@$(PREPARE) dev
	@failed=0; for tool in "ruff check ." mypy lint-imports; do echo "$$tool"; $(BIN)/$$tool || failed=1; done; exit $$failed

format: ## let the linter repair what it can
	@$(PREPARE) dev
	$(BIN)/ruff check --fix .

bench: ## the benchmark table
	@$(PREPARE) dev
	@exec $(BIN)/python -m tests.bench $(ARGS)

soak: ## the long tests: millions of rows, simulated years
	@$(PREPARE) dev
	@exec $(BIN)/python -m pytest -m soak $(ARGS)

# Only names, versions and hashes go into the locks: no addresses, no places. Both serve every Python from 3.11 on.
COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make lock" pyproject.toml --extra build $(if $(UPGRADE),--upgrade)

lock: ## lock the dependencies anew (UPGRADE=1 takes newer versions)
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install -q uv; }
	$(COMPILE) -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock
