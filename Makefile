# Two commands on a fresh machine with python3 and make; each does its own set-up.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test check coverage clean

demo: .venv/ready
	$(BIN)/incasso demo

test: .venv/ready
	$(BIN)/pytest -n auto --dist worksteal

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Wants `.venv/bin/pip install coverage` first. On one database: what differs between the two has its own tests.
coverage: .venv/ready
	$(BIN)/coverage run -m pytest -k "not postgresql" tests/unit/flow tests/unit/store tests/unit/model tests/unit/law
	$(BIN)/coverage report

.venv/ready: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv .demo
