# Two commands: `make run` and `make test`. Both make the environment in .venv first.
#
# TORCH_INSTALL says how torch is installed. The default is the build of the package index; for a
# small CPU-only install give the address that PyTorch's install page names for CPU:
#   make run TORCH_INSTALL="torch==2.13.0 --index-url ADDRESS"

PYTHON ?= python3
TORCH_INSTALL ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_ARGS ?=

.PHONY: run test check setup promises soak

setup: $(READY)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(TORCH_INSTALL)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable ".[dev]"
	touch $(READY)

run: setup
ifeq ($(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter-out Linux,$(shell uname -s)),window,none),window)
	$(BIN)/python main.py
else
	@echo "No display: the demo is played without a window."
	mkdir -p output
	$(BIN)/python main.py --headless --output output/demo-overlay.mkv \
		--report output/demo-report.json --overwrite
	@echo "Overlaid clip: output/demo-overlay.mkv, report: output/demo-report.json"
endif

test: check
	$(BIN)/python -m pytest --ignore tests/law $(PYTEST_ARGS)

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/law

# The window's promises on the demo clip for 60 s, printed as JSON; fails where one is broken.
promises: setup
	$(BIN)/python -m tests.promises --started $$($(BIN)/python -c "import time; print(time.time())")

# The long trials, forty minutes: a steady stream, faults, and false alarms on the larynx set in LARYNX_DATA.
soak: setup
	$(BIN)/python -m tests.soak --output docs/measurements $(if $(LARYNX_DATA),--larynx $(LARYNX_DATA))
