# One word each. The first use of any of them makes .venv and installs the pinned set; later ones go straight on.

PYTHON ?= python3
JOBS ?= 2

BIN := .venv/bin
STAMP := .venv/.installed
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Named in each command, since a resolver that is free to choose takes a build of several gigabytes.
TORCH := $(shell grep '^torch==' constraints.txt)

.PHONY: demo test check bench
.DELETE_ON_ERROR:

demo: $(STAMP)
	$(BIN)/kilter demo

test: $(STAMP)
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(STAMP)
	set -e; for script in $(filter-out benchmarks/machine.py benchmarks/mutable.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python "$$script"; done

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "kilter needs Python 3.11 or newer; say which: make PYTHON=python3.11" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@echo "Installing the pinned set into .venv; this happens once and takes some minutes." >&2
	$(INSTALL) $(TORCH) hatchling
	$(INSTALL) $(TORCH) --no-build-isolation --editable '.[dev]'
	@touch $@
