# The two commands people rely on: make reproduce [PRESET=quick|paper|deep] and make test.
PYTHON ?= python3
PRESET ?= paper
OUT ?= results/$(PRESET)
MODULE ?=
BIN := .venv/bin

.PHONY: reproduce test verify bench sabotage mutants fuzz faults report docs lessons lessons-edit browser lint lock clean

reproduce: .venv/base
	$(BIN)/dimfree reproduce --preset $(PRESET) --out $(OUT)

# Compiled once, and not by every process that a test starts.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/installed
	$(BIN)/python -m pytest -n auto --dist loadfile

verify: .venv/installed
	$(BIN)/dimfree verify

bench: .venv/installed
	$(BIN)/dimfree bench

# Breaks every public function of bounds in turn and lists what no test would miss; about half an hour.
sabotage: .venv/installed
	$(BIN)/python -m tests.sabotage

# mutmut's small changes to bounds, module by module; hours from nothing, minutes after a change. MODULE="gram risk" for some.
mutants: .venv/installed
	$(BIN)/python -m tests.mutants $(MODULE)

# Ten thousand inputs by chance, good and bad, where `make test` tries two thousand; about ten minutes.
fuzz: .venv/installed
	FUZZ=6 $(BIN)/python -m pytest -n auto --dist loadfile tests/test_fuzz.py tests/test_options.py

# A hundred kills at random moments, of coordinator and workers, and of reproduce; about ten minutes.
faults: .venv/installed
	$(BIN)/python -m tests.faults

# Of the preset that is named, PRESET=quick say, or OUT=…; else of the newest results there are, and it says which.
report: .venv/installed
	$(BIN)/dimfree report $(if $(filter command environment,$(word 1,$(origin PRESET)) $(word 1,$(origin OUT))),--from $(OUT))

# The site, from the tree alone, into docs/_build/html; a warning is an error. About half a minute.
docs: .venv/installed
	$(BIN)/python -m docs.pages

# A gallery of the lessons, code folded away, in your own browser, for this machine alone.
lessons: .venv/installed
	MARIMO_SKIP_UPDATE_CHECK=1 $(BIN)/marimo run --host 127.0.0.1 lessons

# The same to change and to try things in.
lessons-edit: .venv/installed
	$(BIN)/marimo edit --host 127.0.0.1 --skip-update-check lessons

# Tests the page, the site and a lesson in a real browser; needs a Chromium at /usr/bin/chromium.
browser: .venv/installed
	$(BIN)/python -m pytest tests/browser

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Needs uv. The lock covers every extra and every platform; it holds hashes and no addresses.
lock:
	uv pip compile pyproject.toml --universal --generate-hashes --all-extras --python-version 3.11 -o requirements.lock

# Everything that runs comes from the lock, the build backend too, so nothing is resolved anew.
PIP := $(BIN)/python -m pip install --disable-pip-version-check

# What the figures need and no more: the base dependencies and the extras of EXTRAS, a third of the lock's packages.
EXTRAS ?= data rigor causal
.venv/base: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python .ci/base.py $(EXTRAS) > .venv/base.txt
	$(PIP) --require-hashes -r .venv/base.txt
	$(PIP) --quiet --no-deps --no-build-isolation -e .
	touch $@

# The tests, the lessons, the cluster: all of it.
.venv/installed: .venv/base
	$(PIP) --require-hashes -r requirements.lock
	touch $@

clean:
	rm -rf .venv build *.egg-info
