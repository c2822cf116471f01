# make demo   builds the program and runs it on real data
# make test   passes the tests
# make help   lists the rest

GO ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# CASES is a folder of ksqlDB's test cases; without it the compatibility runs skip.
CASES ?= ../shared/ksql-cases
# Packages whose tests start goroutines that share memory.
RACE := ./storage/... ./broker/... ./executor/... ./server/...

.PHONY: demo build test race tidy web browser fuzz bench compat compat-rest compat-wire clients crash docs help

demo: build
	@./bin/tailrace demo

build: need-go
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/tailrace ./cli

test: need-go tidy
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) test -tags invariants -timeout 9m ./...

# race wants a C compiler, for Go's race detector.
race: need-go
	@command -v cc >/dev/null || { echo "make race needs a C compiler (Debian: apt-get install gcc)"; exit 1; }
	$(GO) test -race -short -tags invariants -timeout 20m $(RACE)

tidy: need-go
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not gofmt-ed (run gofmt -w):"; echo "$$out"; exit 1; }
	CGO_ENABLED=0 $(GO) test ./.ci/tidy

# clients runs the tests that talk to other people's programs: Kafka's tools, Streams, Connect and
# MirrorMaker, clients of Python, Node and Rust. It fetches them into CLIENTS, where they stay.
CLIENTS ?= $(HOME)/.cache/tailrace/clients
clients: need-go
	@.ci/clients/fetch $(CLIENTS)
	TAILRACE_CLIENTS=$(CLIENTS) NODE_PATH=$(CLIENTS)/node/node_modules $(GO) test -count=1 -timeout 20m ./broker/clienttest
	TAILRACE_CLIENTS=$(CLIENTS) NODE_PATH=$(CLIENTS)/node/node_modules $(GO) test -count=1 -timeout 10m ./server/e2e -run Drivers
	TAILRACE_CLIENTS=$(CLIENTS) $(GO) test -count=1 -timeout 10m ./server/compat -run KafkaStreams
	TAILRACE_CLIENTS=$(CLIENTS) $(GO) test -count=1 -timeout 10m ./cli -run KafkaTools

# crash puts servers under load through kills, pauses, power cuts, full disks and damage.
crash: need-go
	TAILRACE_ROUNDS=$${ROUNDS:-60} $(GO) test -count=1 -v -timeout 60m ./server/e2e -run 'FaultSeries|PowerCuts|RestartUnderFire'
	$(GO) test -count=1 -tags invariants -timeout 30m -run 'Crash|Kill|Damage|FullDisk' ./broker/local ./executor/... ./storage/...

# web refreshes the libraries that are bundled with the web console; the program is built without Node.
web:
	@command -v npm >/dev/null || { echo "make web needs Node and npm: https://nodejs.org"; exit 1; }
	cd .ci/console && npm ci --no-audit --no-fund && node vendor.mjs

# browser looks at the web console in Chromium, with a server and data of its own.
browser: build
	@.ci/console/run $(SHOTS)

fuzz: need-go
	@for t in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$t/*_test.go | sed 's/func //'); do \
	    echo "== $$t $$f"; $(GO) test $$t -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-20s} || exit 1; done; done

bench: need-go
	$(GO) test -run '^$$' -bench . -benchtime $${BENCHTIME:-1s} -timeout 60m ./...

compat: need-go
	$(GO) run ./server/compat/cmd -cases $(CASES) $(ARGS)

compat-rest: need-go
	$(GO) run ./server/compat/cmd -rest -cases $(CASES) $(ARGS)

compat-wire: need-go
	$(GO) run ./server/compat/cmd -wire -cases $(CASES) $(ARGS)

docs: need-go
	$(GO) test ./sql/function/all ./sql/sqlerr ./server/config ./server/node ./cli ./cli/shell -run Reference -update
	$(GO) test ./broker/handler -run Reference -args -write

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo "make race | tidy | fuzz | bench | docs | build"
	@echo "make crash [ROUNDS=60]                           kills, pauses, power cuts, full disks, damage: minutes"
	@echo "make compat CASES=DIR [ARGS='-run file/name']     ksqlDB's cases, in process"
	@echo "make clients                                      the tests with Java, Python, Node and Rust clients"
	@echo "make compat-rest CASES=DIR                        those of queries that answer a client"
	@echo "make browser [SHOTS=DIR]                          the web console in Chromium; DIR keeps pictures"
	@echo "make web                                          refresh the libraries of the web console (npm)"
	@echo "make compat-wire CASES=DIR                        the same through the ports"

.PHONY: need-go
need-go:
	@command -v $(GO) >/dev/null || { echo "Tailrace is built with Go 1.26 or later: install it from https://go.dev/dl and run this again."; exit 1; }
