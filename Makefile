# One command a job. Everything works from a clean clone; what a target needs
# beyond Go is installed by integration/deps.sh (Debian, root).

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT   ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
ARCHES   ?= amd64 arm64
BUILD    ?= build
# What dpkg and rpm call it: a number, where there is no tag yet.
PACKAGE_VERSION ?= $(if $(filter v%,$(VERSION)),$(subst -,+,$(patsubst v%,%,$(VERSION))),0.0.0~$(shell git log -1 --format=%cd --date=format:%Y%m%d%H%M%S).$(subst -,+,$(VERSION)))
FUZZTIME ?= 20s
HOURS    ?= 1000000
RUNS     ?= 3
DURING   ?= 10m
RELOADS  ?= 10000

LDFLAGS = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
STATIC  = CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'

# All but the lab runs under the race detector. What takes longest begins first, and
# four packages run at once: they mostly wait.
UNITS = ./cmd/hald $(shell go list ./... | grep -v -e /integration -e /kerneltest -e /cmd/hald)

# The lab and what drives it wait for real time. What is short, and has bounds of
# half a second and more, runs at once; what measures has the machine to itself,
# one package after the other (integration/README.md).
SHORT = ./ipvsctl/kerneltest ./integration/browser ./integration/guest ./integration/install ./integration/lab ./integration/measure
ALONE = $(filter-out $(shell go list $(SHORT)),$(shell go list ./integration/...))

.PHONY: all build test check fuzz bench scorecard soak soak-reloads soak-checks browser demo package clean

all: build

build:
	$(STATIC) -o $(BUILD)/hald ./cmd/hald

test:
	@sh integration/deps.sh
	go test -race -p 4 $(UNITS)
	CGO_ENABLED=0 go test -count=1 -p 4 -timeout 10m $(SHORT)
	CGO_ENABLED=0 go test -count=1 -p 1 -timeout 10m $(ALONE)

check:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# A million hours of simulated clusters, then every fuzz target of the
# repository, one after the other. To make an input of interest smaller may take a
# second, and not the minute of the default, which is more than FUZZTIME.
fuzz:
	go test -count=1 -timeout 1h -run 'TestSimulation$$' -v ./vrrp -simulate.hours=$(HOURS)
	@for package in $(UNITS); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$package || exit 1; \
		done; \
	done

# Go's benchmarks, then failovers beside keepalived's, six minutes a run, and
# adverts at short intervals, half an hour, and health checks by the ten thousand,
# ten minutes (integration/rhythm and integration/checks have flags).
# PAGE=docs/measurements.md renews the figures there, and in docs/checks.md, instead of showing them.
bench:
	go test -run '^$$' -bench . -benchmem $(UNITS)
	CGO_ENABLED=0 go run ./integration/measure -runs $(RUNS) $(if $(PAGE),-o $(PAGE))
	CGO_ENABLED=0 go run ./integration/rhythm
	CGO_ENABLED=0 go run ./integration/checks $(if $(PAGE),-o docs/checks.md)
	CGO_ENABLED=0 go run ./integration/checks -rack $(if $(PAGE),-o docs/checks.md)

# Every fault of docs/scorecard.md five times over, and for as long as is asked there: the
# lab's, half an hour, those on the machine's own kernel, ten minutes, and the soak.
scorecard:
	@sh integration/deps.sh
	CGO_ENABLED=0 go test -count=5 -timeout 2h -v -run '^TestR[0-9]' ./integration -full
	CGO_ENABLED=0 go test -count=5 -timeout 1h -v -run '^TestR[0-9]' ./integration/rhythm
	CGO_ENABLED=0 go run ./integration/soak -during $(DURING)

# hald and keepalived as each other's backup, in every way of speaking that both
# know, with faults (integration/soak): any address that moves by itself fails it.
soak:
	@sh integration/deps.sh
	CGO_ENABLED=0 go run ./integration/soak -during $(DURING)

# RELOADS reloads of a live director in the lab (docs/reload.md): a process that holds
# more afterwards fails it. A short row of them is a test.
soak-reloads:
	@sh integration/deps.sh
	CGO_ENABLED=0 go test -count=1 -timeout 3h -v -run 'TestReloadsLeakNothing$$' ./integration -reloads $(RELOADS)

# A thousand servers that flap for DURING (30m in docs/checks.md): memory that grows fails it.
soak-checks:
	@sh integration/deps.sh
	CGO_ENABLED=0 go run ./integration/checks -soak $(DURING) $(if $(PAGE),-o $(PAGE))

# The live page in a real browser, on a pair of directors (integration/browser), as `make test`
# has it too. PICTURES=docs renews those there.
browser:
	@sh integration/deps.sh
	go run ./integration/browser $(if $(PICTURES),-pictures $(PICTURES))

# RECORD=1 writes the same as plain text to docs/demo.txt.
demo:
	@sh integration/deps.sh
	@CGO_ENABLED=0 go run ./integration/demo $(if $(RECORD),-record docs/demo.txt)

# Static binaries, .deb and .rpm for every architecture. nfpm and what it is made of have a
# go.mod of their own (packaging/), so that hald's has what hald is made of.
package:
	@rm -rf $(BUILD)/man $(BUILD)/completions
	@go test -count=1 -run 'TestManual$$' ./cmd/hald -packaged '$(abspath $(BUILD))'
	@gzip -9nf $(BUILD)/man/*.1
	@printf 'hald (%s) unstable; urgency=medium\n\n  * What has changed is in CHANGELOG.md beside this file.\n\n -- The hald project <maintainers@hald-project.example>  %s\n' \
		'$(PACKAGE_VERSION)' "$$(git log -1 --format=%cD 2>/dev/null || date -R)" | gzip -9n >$(BUILD)/changelog.gz
	@for arch in $(ARCHES); do \
		echo "$(BUILD)/hald-linux-$$arch"; \
		GOARCH=$$arch $(STATIC) -o $(BUILD)/hald-linux-$$arch ./cmd/hald || exit 1; \
	done
	@cd packaging && go build -o '$(abspath $(BUILD))/nfpm' github.com/goreleaser/nfpm/v2/cmd/nfpm
	@sed 's,@BUILD@,$(BUILD),' packaging/nfpm.yaml >$(BUILD)/nfpm.yaml
	@for arch in $(ARCHES); do \
		cp $(BUILD)/hald-linux-$$arch $(BUILD)/hald || exit 1; \
		for kind in deb rpm; do \
			ARCH=$$arch VERSION='$(PACKAGE_VERSION)' $(BUILD)/nfpm package -f $(BUILD)/nfpm.yaml -p $$kind -t $(BUILD) || exit 1; \
		done; \
	done

clean:
	rm -rf $(BUILD)
