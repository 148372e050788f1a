# What one does with this checkout; `make help` lists it. Each target sets up what it needs.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

LIBUV     := $(CURDIR)/third_party/libuv
PKGPATH   := $(PKG_CONFIG_PATH)
# Without the stamp of another libuv, which cmd/libuv may have put there: the compiler refuses two.
CFLAGS_GO := $(or $(filter-out -DUVGO_LIBUV_STAMP=%,$(CGO_CFLAGS)),-O2 -g)
FLAVOUR    = build

# pkg-config finds our libuv before the distribution's. The stamp of the libuv at hand goes into
# CGO_CFLAGS because go's build cache does not look at what pkg-config says: without it a new
# libuv in the same place would be linked to objects compiled against the old one's headers.
export CGO_ENABLED := 1
export PKG_CONFIG_PATH = $(LIBUV)/$(FLAVOUR)$(if $(PKGPATH),:$(PKGPATH))
export CGO_CFLAGS = $(CFLAGS_GO) -DUVGO_LIBUV_STAMP=0x$(shell head -c 8 $(LIBUV)/$(FLAVOUR)/.stamp 2>/dev/null)
export LIBUV_TARBALL

TIMEOUT   ?= 30m
FUZZTIME  ?= 30s
PKGS      ?= ./...
ASAN_PKGS ?= ./cuv ./uv ./internal/core ./internal/submit ./internal/await ./requests ./handles . ./server ./uvfs ./uvnet
LISTEN    ?= --listen tcp://127.0.0.1:8888 --listen unix:///tmp/uvgo.sock
TESTFLAGS ?=
SOAK      ?= 10m
SOAKFLAGS ?=
GOTEST     = go test -count=1 -timeout $(TIMEOUT) $(TESTFLAGS)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build everything and start an echo server on tcp 127.0.0.1:8888 and /tmp/uvgo.sock
	@exec bin/uvgo echo $(LISTEN)

.PHONY: test
test: libuv ## Set up and run every test
	@echo "test: takes many minutes on two cores; a package's line comes when it is done"
	$(GOTEST) ./...
	@scripts/submodules.sh go vet ./...
	@$(MAKE) --no-print-directory interop

.PHONY: interop
interop: libuv ## Run real servers and libraries on uvnet and uvhttp: HTTP, gRPC, PostgreSQL, Redis, SSH
	@tests/interop/setup.sh
	@echo "interop: builds the libraries and tools first, some minutes the first time"
	cd tests/interop && $(GOTEST) ./...
	cd examples/grpc && $(GOTEST) ./...
	cd examples/web && $(GOTEST) ./...
	cd metrics/otel && $(GOTEST) ./...
	cd examples/ecosystem && $(GOTEST) ./...
	@[ -z "$${UVGO_LONG:-}" ] || { FOR="tests/deploy" scripts/deps.sh systemd-analyze=systemd && cd tests/deploy && $(GOTEST) ./...; } # Kubernetes' types take minutes to compile

.PHONY: race
race: libuv ## Run the tests under the race detector
	@echo "race: builds everything for the race detector first, some minutes the first time"
	$(GOTEST) -race $(PKGS)

.PHONY: cgocheck
cgocheck: libuv ## Run the tests with Go's checks of pointers that cross into C
	@echo "cgocheck: builds Go's standard library with the checks first, some minutes the first time"
	GOEXPERIMENT=cgocheck2 $(GOTEST) $(PKGS)

.PHONY: checked
checked: libuv ## Run the tests under the race detector and the pointer checks at once
	@echo "checked: builds everything with both first, some minutes the first time"
	GOEXPERIMENT=cgocheck2 $(GOTEST) -race $(PKGS)

# LeakSanitizer runs at exit too; Go's own memory counts as a root, so it needs no switching off.
# The linker keeps what go test would strip, so that reports name functions and lines.
.PHONY: asan
asan: FLAVOUR = build-asan
asan: libuv-asan ## Run the core tests with libuv and cuv under AddressSanitizer
	@echo "asan: builds everything under AddressSanitizer first, some minutes the first time"
	$(GOTEST) -asan -tags invariants -ldflags '-s=false -w=false' $(ASAN_PKGS)

# go build has no flag for this sanitizer: its flags are here, and in libuv's .pc file. The first fault
# ends the program, so a run that passes has none.
.PHONY: ubsan
ubsan: FLAVOUR = build-ubsan
ubsan: CFLAGS_GO += -fsanitize=undefined -fno-sanitize-recover=undefined
ubsan: export CGO_LDFLAGS = -fsanitize=undefined
ubsan: libuv-ubsan ## Run the core tests with libuv and cuv under UndefinedBehaviorSanitizer
	@echo "ubsan: builds everything under UndefinedBehaviorSanitizer first, a minute the first time"
	$(GOTEST) -tags invariants $(ASAN_PKGS)

.PHONY: valgrind
valgrind: libuv ## Drive cuv's C side without Go under valgrind's memcheck, with allocations that fail (installs valgrind where it may)
	@scripts/valgrind.sh

.PHONY: test-shared
test-shared: FLAVOUR = build-shared
test-shared: libuv-shared ## Run the tests linked to a shared libuv (build tag libuv_shared)
	LD_LIBRARY_PATH=$(LIBUV)/build-shared/lib $(GOTEST) -tags libuv_shared $(PKGS)

.PHONY: test-libuvs
test-libuvs: libuv ## Run the core tests with other versions of libuv (scripts/libuv-versions.txt)
	@scripts/libuv-versions.sh

.PHONY: test-arm64
test-arm64: ## Run the core tests for linux/arm64 under qemu-user (root, or a kernel that knows qemu)
	@scripts/foreign.sh arm64 $(FOREIGN)

.PHONY: test-musl
test-musl: ## Run the core tests linked statically with musl
	@scripts/foreign.sh musl $(FOREIGN)

.PHONY: ci-full
ci-full: ## Run the instrumented tests whole: an hour and more
	@FOR="tests of other systems' builds" scripts/deps.sh x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64-win32 i686-linux-gnu-gcc=gcc-i686-linux-gnu \
	  /usr/i686-linux-gnu/lib/ld-linux.so.2=libc6-dev-i386-cross arm-linux-gnueabihf-gcc=gcc-arm-linux-gnueabihf /usr/arm-linux-gnueabihf/lib/ld-linux-armhf.so.3=libc6-dev-armhf-cross
	UVGO_LONG=1 $(MAKE) lint race cgocheck asan ubsan valgrind test-shared test-libuvs test-arm64 test-musl test docs soak
	@[ "$$(id -u)" != 0 ] || scripts/install-check.sh
	$(MAKE) release-check
	@scripts/govulncheck.sh all

.PHONY: soak
soak: libuv ## Mix everything at random for SOAK (10m): nothing may be lost or left behind
	$(GOTEST) -v -run Soak ./tests/soak -duration $(SOAK) $(SOAKFLAGS)

.PHONY: soak-hostile
soak-hostile: libuv ## Run the tests with peers that never read for a minute each instead of a second
	UVGO_LONG=1 $(GOTEST) -run Unread ./tests/hostile

.PHONY: bench
bench: libuv ## Run the Go benchmarks
	@echo "bench: some minutes a package"
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-book
bench-book: libuv ## Measure the benchmark book and make docs/benchmarks.md, 25 minutes; ONLY=regexp and PEERS=a,b for a part of it
	cd bench && go run ./cmd/bench-book $(if $(ONLY),-only '$(ONLY)') $(if $(PEERS),-peers '$(PEERS)') $(BENCHFLAGS)

.PHONY: bench-quick
bench-quick: libuv ## Measure a part of the benchmark book in three minutes, and print it
	cd bench && go run ./cmd/bench-book -quick $(if $(ONLY),-only '$(ONLY)') $(if $(PEERS),-peers '$(PEERS)') $(BENCHFLAGS)

.PHONY: bench-check
bench-check: libuv ## Check that docs/benchmarks.md is what bench/results.json makes, and test the book without measuring
	cd bench && $(GOTEST) ./internal/book ./internal/chart ./internal/page ./internal/workload ./cmd/bench-book

.PHONY: bench-echo
bench-echo: libuv ## Compare echo servers: uvgo, libuv and epoll in C, std net, netpoll
	cd bench && go run ./cmd/bench-echo $(BENCHFLAGS)

.PHONY: bench-libuv
bench-libuv: libuv ## Compare the work of libuv's own benchmarks in C and in Go
	cd bench && go run ./cmd/bench-libuv $(BENCHFLAGS)

.PHONY: bench-net
bench-net: libuv ## Compare programs on package net and on uvnet: echo, HTTP, gRPC, bulk, dialing
	@scripts/deps.sh wrk=wrk
	cd bench && go run ./cmd/bench-net $(BENCHFLAGS)

.PHONY: bench-server
bench-server: libuv ## Measure package server: TLS, lines, timeouts and memory, beside package net
	cd bench && go run ./cmd/bench-server $(BENCHFLAGS)

.PHONY: bench-http
bench-http: libuv ## Compare HTTP servers: uvhttp, net/http, fasthttp, nbio
	cd bench && go run ./cmd/bench-http $(BENCHFLAGS)

.PHONY: fuzz
fuzz: libuv ## Run each fuzz target for FUZZTIME (30s)
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: lint
lint: libuv ## Check formatting, vet, linters, shell scripts and generated code
	@scripts/lint.sh

.PHONY: security
security: ## Look for known vulnerabilities in the pinned libuv and in the Go modules
	@scripts/libuv-security.sh
	@scripts/govulncheck.sh

.PHONY: sbom
sbom: build ## Write bin/uvgo.cdx.json, what bin/uvgo is made of
	@scripts/sbom.sh bin/uvgo bin/uvgo.cdx.json

.PHONY: release-check
release-check: security sbom ## Check what a release is made with; nothing is published
	@scripts/goreleaser.sh check

.PHONY: generate
generate: libuv ## Regenerate the code made from uv.h
	go generate ./...

.PHONY: build
build: libuv ## Build bin/uvgo
	@[ -e bin/uvgo ] || echo "build: bin/uvgo, a minute or two the first time"
	@go build -buildvcs=auto -trimpath -ldflags '$(GOLDFLAGS)' -o bin/uvgo ./cmd/uvgo

.PHONY: libuv
libuv: deps ## Obtain, verify and build the pinned libuv (LIBUV_TARBALL=path: from that file)
	@third_party/libuv/build.sh static

.PHONY: libuv-asan
libuv-asan: libuv ## Build libuv under AddressSanitizer
	@third_party/libuv/build.sh asan

.PHONY: libuv-ubsan
libuv-ubsan: libuv ## Build libuv under UndefinedBehaviorSanitizer
	@third_party/libuv/build.sh ubsan

.PHONY: libuv-shared
libuv-shared: libuv ## Build libuv as a shared library
	@third_party/libuv/build.sh shared

.PHONY: docs
docs: ## Build the documentation's site into bin/docs, and check its links (needs Node.js)
	@scripts/docs.sh build

.PHONY: docs-serve
docs-serve: ## Show the documentation's site on http://127.0.0.1:5173 (PORT), anew after each change
	@scripts/docs.sh serve

.PHONY: deps
deps: ## Install the packages that are missing: a C compiler, pkg-config
	@scripts/deps.sh

.PHONY: docker
docker: ## Build the container image uvgo with Docker
	@docker info >/dev/null 2>&1 || { \
	  echo "docker: no Docker engine answers here; 'make docker-check' builds and tests the image without one, as root" >&2; exit 1; }
	docker build -t uvgo .

.PHONY: docker-check
docker-check: ## Build and test the container image without Docker (root, Debian)
	@scripts/docker-check.sh

.PHONY: install-check
install-check: ## Install uvgo on bare Debian 12 and 13 systems as a newcomer does (root, Debian)
	@scripts/install-check.sh

.PHONY: clean
clean: ## Remove everything that make built or downloaded
	rm -rf bin docs/site/node_modules $(addprefix $(LIBUV)/,src build build-asan build-plain build-shared build-ubsan .lock .tmp-*)
