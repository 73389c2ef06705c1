# `make` alone lists what there is. Every target sets up first what it needs, so that any works as the very first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Debian's own where it is there: it is optimised, which one that pyenv built often is not, and takes a fifth less CPU.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; assert sys.version_info[:2] == (3, 11); print(sys.executable)' 2>/dev/null || echo python3)
RUNS ?= 100000
BIN := .venv/bin
READY := .venv/ready

# Many images of Python set it. Then each start of a service or command would compile our modules anew.
unexport PYTHONDONTWRITEBYTECODE

# No address, no date: only names, versions and hashes, the same whoever makes it.
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11

# Slow files first (see tests/conftest.py), which xdist would otherwise sort by their number of tests. Four workers on
# two cores: the tests wait for servers and leases more than half of their time.
PYTEST := $(BIN)/pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder --ignore=tests/benchmarks

COMPILED := build/compiled
COMPILED_TESTS ?= tests/unit tests/contract
SOURCES := $(shell find schemas services -name '*.py')

.PHONY: help setup demo unit compiled run-compiled test collected privacy coverage check format bench compare profile worst fuzz chaos mix simulate mutants schemas docs lock release clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

setup: $(READY) ## make .venv with everything, hash-checked

$(READY): pyproject.toml requirements.lock
	@echo 'Setting up .venv …'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/pip --disable-pip-version-check check
	$(BIN)/python -m compileall -q schemas services
	touch $(READY)

demo: $(READY) ## all scenarios through real servers and both services
	$(BIN)/klantcontact demo

unit: $(READY) ## every test that needs no server, in under a minute
	$(BIN)/pytest --quiet --numprocesses=2 --hypothesis-profile=quick -m 'not server' tests/unit tests/contract tests/repository

compiled: $(READY) ## the unit and contract tests on the modules that the image has compiled
	@if ! command -v cc >/dev/null || ! $(BIN)/python -c 'import sysconfig as s; open(s.get_path("include") + "/Python.h")' 2>/dev/null; then \
	    echo 'SKIPPED: without gcc and python3-dev nothing shows that the compiled modules do the same as their sources.'; \
	else $(MAKE) --no-print-directory run-compiled; fi

run-compiled: $(COMPILED)/ready
	rm -rf $(COMPILED)/tests
	cp -r tests pyproject.toml $(COMPILED)
	cd $(COMPILED) && ../../$(BIN)/pytest --quiet --numprocesses=2 --hypothesis-profile=quick -m 'not server and not interpreted' $(COMPILED_TESTS)

# A copy of the tree, over which the wheel is unpacked: Python finds what is compiled before its source.
$(COMPILED)/ready: $(READY) deploy/compiled_wheel.py $(SOURCES)
	rm -rf build
	$(BIN)/python deploy/compiled_wheel.py build/wheel
	mkdir $(COMPILED)
	cp -r schemas services $(COMPILED)
	$(BIN)/python -m zipfile -e build/wheel/*.whl $(COMPILED)
	cd $(COMPILED) && ../../$(BIN)/python -c 'from services.domain import decide; assert decide.__file__.endswith(".so")'
	touch $(COMPILED)/ready

test: $(READY) ## check, then every test, and those of the rules and the classifier on their compiled modules too
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target check collected compiled COMPILED_TESTS='tests/unit/domain tests/unit/classifier'
	$(PYTEST)

# Else each worker rewrites the asserts of all modules for itself, at the same time.
collected: $(READY)
	-$(BIN)/pytest --collect-only --quiet --ignore=tests/benchmarks >/dev/null

privacy: $(READY) ## the proofs of what is forgotten, shown and withdrawn, and the operator's day, at their whole length
	KLANTCONTACT_TEST_WHOLE=1 $(BIN)/pytest --numprocesses=2 --dist=loadfile tests/privacy tests/acceptance/test_operators_day.py

coverage: $(READY) ## every test, and what they cover, also in the processes that they start
	$(PYTEST) --cov --cov-report=term

check: $(READY) ## format, lint, types, import contracts, generated files, documentation, compose file
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m schemas.generate --check
	$(BIN)/python -m services.runtime.settings_page --check
	$(BIN)/python -m services.runtime.processings_page --check
	$(BIN)/python -m services.runtime.mongo.roles_files --check
	$(BIN)/pytest --quiet tests/repository/test_deploy.py tests/repository/test_docs.py
	if docker compose version >/dev/null 2>&1; then docker compose config --quiet; fi

format: $(READY) ## let ruff format and mend what it can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

schemas: $(READY) ## make the JSON Schemas, AsyncAPI, its page and examples from the models
	$(BIN)/python -m schemas.generate

docs: schemas ## the same, docs/settings.md, the roles in MongoDB, and say where the page for publishers and subscribers is
	$(BIN)/python -m services.runtime.settings_page
	$(BIN)/python -m services.runtime.processings_page
	$(BIN)/python -m services.runtime.mongo.roles_files
	@echo 'Open schemas/index.html in a browser; it needs no network.'

bench: $(READY) ## speed, cost and memory beside the floor and the peers: make bench ONLY=classifier,projector
	$(BIN)/python -m tests.benchmarks.bench $(if $(ONLY),--only $(ONLY))

compare: $(READY) ## both services of this tree beside those of a commit: make compare WITH=main
	$(BIN)/python -m tests.benchmarks.compare $(if $(ONLY),--only $(ONLY)) '$(WITH)'

profile: $(READY) ## what each step of a batch costs, and flame graphs: make profile ONLY=projector
	$(BIN)/python -m tests.benchmarks.profiling $(if $(ONLY),--only $(ONLY))

worst: $(READY) ## time and memory of the worst that the contract allows, beside plain contacts
	$(BIN)/python -m tests.benchmarks.worst_cases

fuzz: $(READY) ## coverage-guided fuzzing, until something is found: make fuzz RUNS=1000000
	$(BIN)/python -m tests.fuzz.run --runs $(RUNS)

chaos: $(READY) ## faults of everything, in 25 minutes; or one run: make chaos KINDS=kafka,mongo SEED=1 MINUTES=5 VERSIONS=4.2.2 FRESH=1
	$(BIN)/python -m tests.chaos.run $(if $(KINDS),--kinds '$(KINDS)') $(if $(SEED),--seed '$(SEED)') \
	    $(if $(MINUTES),--minutes '$(MINUTES)') $(if $(VERSIONS),--versions '$(VERSIONS)') $(if $(FRESH),--fresh)

mix: $(READY) ## a short mix of all faults, with one seed
	$(BIN)/pytest --quiet tests/chaos/test_mix.py

simulate: $(READY) ## both services in thousands of simulated worlds: make simulate SEEDS=1000, or SEED=17 for the trace of one
	$(BIN)/python -m tests.simulate.run $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED))

mutants: $(READY) ## mutation testing of the rules; survivors are listed
	$(BIN)/mutmut run
	$(BIN)/mutmut results

lock: $(READY) ## choose versions anew; commit both lock files
	$(COMPILE) --upgrade --all-extras --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --extra image --output-file deploy/requirements.lock

release: $(READY) ## make a release: make release VERSION=1.0.0
	$(BIN)/python -m schemas.release --dry-run '$(VERSION)'
	$(MAKE) --no-print-directory check
	$(BIN)/pytest --quiet tests/contract/test_compatibility.py
	$(BIN)/python -m schemas.release '$(VERSION)'

clean: ## remove what was made here
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .fuzz .bench .chaos .coverage .coverage.* mutants
