# Two commands on a fresh machine with python3 and make; each does its own set-up.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test check clean

demo: .venv/ready
	$(BIN)/incasso demo

test: .venv/ready
	$(BIN)/pytest -n auto --dist worksteal

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/ready: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv .demo
