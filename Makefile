# Anban: everything a stranger needs. `make up` serves, `make test` proves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)

.PHONY: setup up test bench lint lock detectors fuzz fuzz-api kill-loop evenings sbom audit clean

setup: $(VENV)/.run-installed

$(VENV)/bin/python:
ifdef UV
	uv venv -q --python $(PYTHON) $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.run-installed: requirements/run.txt pyproject.toml | $(VENV)/bin/python
ifdef UV
	uv pip install -q --python $(BIN)/python --require-hashes -r requirements/run.txt
	uv pip install -q --python $(BIN)/python --no-deps -e .
else
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
endif
	@touch $@

$(VENV)/.test-installed: requirements/test.txt $(VENV)/.run-installed
ifdef UV
	uv pip install -q --python $(BIN)/python --require-hashes -r requirements/test.txt
else
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/test.txt
endif
	@touch $@

up: setup
	$(BIN)/anban up --demo

test: $(VENV)/.test-installed
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(VENV)/.test-installed
	$(BIN)/python -m benchmarks.run

# DATA is the folder that docs/detectors.md describes; without it only the project's own held-out sets are measured.
detectors: $(VENV)/.test-installed
	$(BIN)/anban train eval $(if $(DATA),--data $(DATA)) --against benchmarks/detectors.json

fuzz: $(VENV)/.test-installed
	$(BIN)/python -m tests.fuzz.run --inputs 100000

# The whole API against its own description, for as long as it takes; CI runs a short form of it.
fuzz-api: $(VENV)/.test-installed
	ANBAN_API_EXAMPLES=200 $(BIN)/python -m pytest tests/fuzz/test_api_schema.py --timeout 7200

# Every part that ships or tests, with its licence: build/sbom.cdx.json and build/licences.txt. Needs no network.
sbom: $(VENV)/.test-installed
	$(BIN)/python -m tools.sbom build/sbom.cdx.json

# What is publicly known against those parts. AUDIT=--unchecked-is-ok where no advisories can be reached;
# AUDIT='--advisories FOLDER' reads OSV records from a folder.
audit: $(VENV)/.test-installed
	$(BIN)/python -m tools.audit $(AUDIT)

# Release size of what CI runs in short form: kills on both databases, and nights in virtual time.
KILLS ?= 3000
kill-loop: $(VENV)/.test-installed
	ANBAN_SEEDS=20000 $(BIN)/python -m pytest tests/cases/test_simulation.py --timeout 7200
	$(BIN)/python -m tests.killing.both --kills $(KILLS)

# Every bit of a ledger of 2,000 entries flipped, and every edit of its structure.
tamper: $(VENV)/.test-installed
	$(BIN)/python -m tests.ledger.tampering

# Ten thousand random evenings of minors and grown-ups: devices, characters, clocks that jump, zones, exemptions.
EVENINGS ?= 10000
evenings: $(VENV)/.test-installed
	ANBAN_TIMELINES=$(EVENINGS) $(BIN)/python -m pytest tests/flows/test_minors_evenings.py --timeout 7200

# Needs uv. Writes hashes, names no index.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements/run.txt pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra test -c requirements/run.txt -o requirements/test.txt pyproject.toml

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache
