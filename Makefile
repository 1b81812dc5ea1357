GO        ?= go
TOOL      := $(GO) tool -modfile=tools.mod
CAPTURE   ?= $(wildcard fixtures/captures/slow-command/capture*)
FUZZTIME  ?= 20s
TARGETS   ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 freebsd/amd64
RELEASES  ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
# The race detector needs a C compiler; without one the tests run all the same.
RACE      := $(if $(shell command -v gcc),-race)
WITH      = grep -rl --include='*_test.go' --exclude-dir='.?*' '$(1)' . | xargs -r -n1 dirname | sort -u

# Installs what a target needs, as root on Debian; elsewhere it fails and the target says what to install.
APT        = test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends

.PHONY: help build demo test test-beam test-duckdb test-office lint fuzz mutate bench golden lab lab-servers lab-host lab-proof scorecard vuln release release-check clean needs-redis needs-chromium

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r t w; do printf '  %-14s %s\n' "$$t" "$$w"; done

build: ## build bin/psyncope
	$(GO) build -trimpath -o bin/psyncope ./cmd/psyncope

demo: build ## analyse a committed capture and print the report
	bin/psyncope analyze $(CAPTURE)

test: needs-redis needs-chromium ## run every test
	$(GO) test -vet=off $(RACE) -timeout 15m ./...
	$(MAKE) test-beam test-duckdb

# A module of its own, so that nobody else pays for Beam (some 380 modules, minutes of CPU at first).
test-beam: ## run the analysis on Apache Beam's Prism, and compare it byte for byte (LAYOUTS=1000 for so many random layouts)
	@cd cmd/psyncope-beam && if ! $(GO) mod download 2>/dev/null; then \
		echo "Beam's modules cannot be fetched: the tests of psyncope-beam are left out" >&2; else $(GO) test -timeout 10m ./...; fi

# A module of its own, so that nobody else pays for DuckDB (C++, 60 MB to fetch).
test-duckdb: ## let DuckDB run the joins of TABLES.md on Parquet and CSV
	@cd fixtures/duckdb && if ! command -v gcc >/dev/null || ! $(GO) mod download 2>/dev/null; then \
		echo "no C compiler, or DuckDB's module cannot be fetched: its test is left out" >&2; else $(GO) test -timeout 10m ./...; fi

test-office: ## let LibreOffice read every CSV and the workbook: dates as dates, numbers as numbers, charts (a large install)
	@command -v soffice >/dev/null || { $(APT) libreoffice-calc-nogui; } || { echo "install LibreOffice (Debian: apt-get install libreoffice-calc-nogui)" >&2; exit 1; }
	$(GO) test -tags office ./report -run Office -v

lint: ## gofumpt, vet, staticcheck
	@out="$$($(TOOL) gofumpt -l .)"; test -z "$$out" || { echo "not as gofumpt has it (run: $(TOOL) gofumpt -w .):"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...

# Minimising what is found is left out of the time: it takes most of it. What runs the whole program is counted apart.
fuzz: ## fuzz every parser, wrapper, archive and renderer, FUZZTIME each; fails below 10,000 executions, but for the whole program
	@low=; for p in $$($(call WITH,^func Fuzz)); do for f in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$p/*_test.go); do \
		out="$$($(GO) test $$p -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x 2>&1)" || { echo "$$out"; exit 1; }; \
		n="$$(echo "$$out" | sed -n 's/.*execs: \([0-9]*\).*/\1/p' | tail -n 1)"; printf '%-24s %-24s %10s executions\n' "$$p" "$$f" "$$n"; \
		case $$p in ./cmd/*) ;; *) test "$$n" -ge 10000 || low="$$low $$p.$$f";; esac; done; done; \
	test -z "$$low" || { echo "fewer than 10,000 executions:$$low" >&2; exit 1; }

mutate: ## change what each clue is worth, and look whether a story notices
	$(GO) test ./fixtures -run TestMutate -mutate -v

bench: build ## benchmarks of each stage; then the whole process beside rg, wc, mawk and a scanner, and its growth (8 GB in out/; ARGS='-grow 1' for 1)
	@$(GO) test -run '^$$' -bench . -benchmem $$($(call WITH,^func Benchmark))
	$(GO) run ./fixtures/bench $(ARGS)

golden: ## write the golden files anew; read the diff before committing it
	$(GO) test $$($(call WITH,flag.Bool)) -update

lab: needs-redis ## break real servers on purpose, record the captures anew, prove the advice
	$(GO) run ./fixtures/lab/make -out fixtures/captures
	$(MAKE) lab-proof

lab-servers: ## unpack the servers of Debian's suites, each with its own libraries, below out/servers; installs nothing
	sh fixtures/lab/servers.sh out/servers

lab-host: needs-redis ## hold, freeze, kill, starve, fill and cut the machine under servers, as root, and hold what collect and analyze tell of it against that (10 minutes a server)
	@for s in $${REDIS_SERVER:-$$(ls $(CURDIR)/out/servers/*/server 2>/dev/null || command -v redis-server)}; do \
		echo "== $$s"; HOST_LAB=1 REDIS_SERVER=$$s $(GO) test ./cmd/psyncope -run HostTrouble -v -timeout 25m || failed="$$failed $$s"; done; \
	test -z "$$failed" || { echo "not told:$$failed" >&2; exit 1; }

lab-proof: needs-redis ## break real servers, paste the plan, break them again; each step and size by itself (5 minutes a server: all below out/servers, or the one installed)
	@set -e; $(GO) test -c -o out/labproof ./fixtures/lab; failed=; \
	for s in $${REDIS_SERVER:-$$(ls $(CURDIR)/out/servers/*/server 2>/dev/null || command -v redis-server)}; do \
		echo "== $$s"; (cd fixtures/lab && LAB_PROOF=1 REDIS_SERVER=$$s $(CURDIR)/out/labproof -test.run 'TestProof$$' -test.v -test.parallel 6 -test.timeout 20m) || failed="$$failed $$s"; done; \
	test -z "$$failed" || { echo "not proved:$$failed" >&2; exit 1; }

scorecard: ## score the analysis on the fixtures, and on CASES=dir; ARGS='-ablate -v' for more
	$(GO) run ./fixtures/scorecard $(if $(CASES),-cases $(CASES)) $(ARGS)

vuln: ## look for known vulnerabilities (needs the network)
	$(TOOL) govulncheck ./...

release: ## archives for linux, darwin and windows in out/dist, with checksums, manual, completions and an SBOM
	GO="$(GO)" sh cmd/psyncope/release.sh out/dist $(RELEASES)

release-check: ## cross-compile twice, the second time from nothing, and compare
	@set -e; for t in $(TARGETS); do \
		export CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/}; \
		$(GO) build -trimpath -ldflags '-s -w' -o "out/release/$$t/psyncope" ./cmd/psyncope; \
		GOCACHE="$(CURDIR)/out/cache" $(GO) build -trimpath -ldflags '-s -w' -o "out/again/$$t/psyncope" ./cmd/psyncope; \
		cmp "out/release/$$t/psyncope" "out/again/$$t/psyncope"; sha256sum "out/release/$$t/psyncope"; done; rm -rf out/cache out/again

clean: ## remove what make made
	rm -rf bin out

# The browser test opens the HTML report in a real Chromium; where it cannot be installed the test says that it was left out.
needs-chromium:
	@command -v chromium >/dev/null || { $(APT) chromium; } || echo "no chromium: the browser test will be left out (Debian: apt-get install chromium)" >&2

needs-redis:
	@command -v redis-server >/dev/null || { $(APT) redis-server; } || \
		{ echo "the tests start real servers: install redis-server (Debian: apt-get install redis-server)" >&2; exit 1; }
