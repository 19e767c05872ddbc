# Everything sets itself up: a fresh machine needs Python 3.11, make and git.
#
#   make demo    real photos, overlays, two small models trained;
#                ARGS="--coco FILE --images DIR" takes your own
#   make gallery    every transform drawn on photos, into docs/gallery; the same ARGS, and
#                ARGS="--only Rotate Mosaic" draws some
#   make test    the tests but the slow ones (make test-slow); ARGS="-k flips" picks some
#   make test-oldest    the same with the oldest OpenCV there is support for, without TensorFlow
#   make test-backends    what needs PyTorch or JAX: tensors, and feeding Keras on its other backends
#   make lint    ruff and mypy; make format mends what ruff can
#   make stubs   writes probaug/__init__.pyi, the signatures that editors and type checkers see
#   make bench   speed beside Albumentations 2.0.8; OPENCV=4.14.0.94 takes another OpenCV,
#                ARGS="--only cifar" one pipeline
#   make bench-transforms    the same, transform by transform; ARGS="--only Affine" takes one
#   make bench-keras    feeding Keras beside its own ways: layers and ImageDataGenerator
#   make bench-training    accuracy against training time (20 minutes); needs the photos that
#                PROBAUG_DATA names
#   make clean   removes all that was made here, environments included

# The first Python that TensorFlow has wheels for; `make PYTHON=...` overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)
# Test processes; TensorFlow takes about half a gigabyte in each.
WORKERS ?= 2
# The OpenCV that `make bench` measures with.
OPENCV ?= 5.0.0.93
# The oldest OpenCV that there is support for.
OLDEST ?= 4.12.0.88
# The PyTorch that `make test-backends` installs.
TORCH ?= 2.13.0
ARGS ?=

RUN = .venv/bin/python
BENCH = .venv-bench/bin/python
OLD = .venv-oldest/bin/python
BACKENDS = .venv-backends/bin/python
PYTEST = $(RUN) -m pytest -n $(WORKERS) --dist worksteal

# TensorFlow's start-up messages would bury ours.
export TF_CPP_MIN_LOG_LEVEL ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.PHONY: help ready demo gallery test test-slow test-oldest test-backends lint format stubs \
	bench bench-transforms clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^#   //p' Makefile

# The environment, and one OpenCV in it that this system can import.
ready: .venv/ready
	@$(RUN) tools/check_opencv.py

demo: ready
	$(RUN) -m demo $(ARGS)

gallery: ready
	$(RUN) -m demo.gallery $(ARGS)

test: ready
	$(PYTEST) -m "not slow" $(ARGS)

test-slow: ready
	$(PYTEST) -m slow $(ARGS)

test-oldest: .venv-oldest/ready
	@$(OLD) tools/check_opencv.py
	$(OLD) -m pytest -n $(WORKERS) --dist worksteal -m "not slow" $(ARGS)

test-backends: .venv-backends/ready
	@$(BACKENDS) tools/check_opencv.py
	$(BACKENDS) -m pytest tests/test_tensor.py tests/test_scripts_2_0_8.py tests/test_layer.py \
		tests/test_sequence_backends.py $(ARGS)

lint: .venv/ready
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) tools/check_types.py

format: .venv/ready
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

stubs: .venv/ready
	$(RUN) tools/write_stubs.py

bench: .venv-bench/ready-$(OPENCV)
	$(BENCH) benchmarks/pipelines.py $(ARGS)

bench-transforms: .venv-bench/ready-$(OPENCV)
	$(BENCH) benchmarks/transforms.py $(ARGS)

bench-keras: ready
	$(RUN) benchmarks/sequence.py
	$(RUN) benchmarks/image_data_generator.py

# matplotlib draws the curves.
bench-training: ready
	$(RUN) -m pip install --quiet matplotlib
	$(RUN) benchmarks/training.py $(ARGS)

clean:
	rm -rf .venv .venv-bench .venv-oldest .venv-backends docs/gallery build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call environment,FOLDER): a virtual environment there, unless there is one.
define environment
	@[ -n "$(PYTHON)" ] || { echo "No Python 3.11, 3.12 or 3.13 found;" \
		"make PYTHON=/path/to/python3.11 names one." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("probaug needs Python 3.11 or later; $(PYTHON) is %d.%d." % v[:2])'
	@[ -x $(1)/bin/pip ] || $(PYTHON) -m venv $(1) || { rm -rf $(1); echo "$(PYTHON) cannot make a virtual" \
		"environment; on Debian and Ubuntu the package python3-venv is missing." >&2; exit 1; }
endef

.venv/ready: pyproject.toml
	@echo "Setting up .venv, once; TensorFlow is a large download."
	$(call environment,.venv)
	$(RUN) -m pip install --editable ".[dev,tensorflow,demo,yaml]"
	@touch $@

.venv-oldest/ready: pyproject.toml
	$(call environment,.venv-oldest)
	$(OLD) -m pip install "opencv-python==$(OLDEST)" --editable ".[dev]"
	@touch $@

.venv-backends/ready: pyproject.toml
	$(call environment,.venv-backends)
	$(BACKENDS) -m pip install "torch==$(TORCH)" jax --editable ".[dev,tensorflow,torch]"
	@touch $@

# Albumentations brings OpenCV's headless wheel, so it has an environment of its own, and probaug
# comes without its dependencies.
.venv-bench/ready-$(OPENCV): pyproject.toml benchmarks/requirements.txt
	$(call environment,.venv-bench)
	@rm -f .venv-bench/ready-*
	$(BENCH) -m pip install --requirement benchmarks/requirements.txt "opencv-python-headless==$(OPENCV)"
	$(BENCH) -m pip install --no-deps --editable .
	@touch $@
