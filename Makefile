# Two commands from nothing: `make demo` shows the ledger at work, `make test` checks it.
# Both need Python 3.11 or newer; the rest is fetched on the first run.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(shell command -v uv 2>/dev/null)
CODE := events aggregates projections streams gateway audit cli deploy benchmarks tests

.PHONY: setup broker-files test lint types demo bench clean

setup: $(STAMP) broker-files

# Without the network and Kafka's jars, PLEDGER_BROKER may name a broker that runs.
broker-files: $(STAMP)
	@if [ -z "$$PLEDGER_BROKER" ]; then $(BIN)/python -m deploy.setup; fi

$(STAMP): pyproject.toml
ifdef UV
	@echo "Installing the Python packages into $(VENV) with uv"
	@test -x $(BIN)/python || $(UV) venv --python '>=3.11' $(VENV)
	@$(UV) pip install --python $(BIN)/python --editable '.[test]'
else
	@$(PYTHON) -c 'import sys; v = sys.version_info; \
	  v >= (3, 11) or sys.exit(f"Python 3.11 or newer is needed, $(PYTHON) is {v[0]}.{v[1]}: make PYTHON=python3.11")'
	@echo "Installing the Python packages into $(VENV) with pip (a few minutes the first time)"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --editable '.[test]'
endif
	@touch $(STAMP)

test: setup lint types
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check $(wildcard $(CODE))
	$(BIN)/ruff format --check --line-length 100 $(wildcard $(CODE))

types: $(STAMP)
	$(BIN)/mypy

demo: setup
	$(BIN)/pledger demo $(ARGS)

bench: setup
ifdef UV
	@$(UV) pip install -q --python $(BIN)/python --editable '.[bench]'
else
	@$(BIN)/python -m pip install -q --disable-pip-version-check --editable '.[bench]'
endif
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(wildcard $(CODE)) -name __pycache__ -type d -prune -exec rm -rf {} +
