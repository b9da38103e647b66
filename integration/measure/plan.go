//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// daemons are compared with each other, in turn.
var daemons = []string{"hald", "keepalived"}

// part is a sequence of events that begins and ends with lb1 as the master and
// everybody served.
type part struct {
	name    string
	measure func(*session)
	once    bool // it does not depend on the advertisement interval
}

var parts = []part{
	{"quiet", (*session).quiet, false},
	{"stop", (*session).stop, false},
	{"worker", (*session).killWorker, false},
	{"kill", (*session).kill, false},
	{"link", (*session).cutLink, false},
	{"pause", (*session).pause, false},
	{"deaf", (*session).deafen, false},
	{"server", (*session).killServer, true},
	{"repair", (*session).repair, true}, // the last: keepalived does not get over it
}

// peersPart has a daemon of each kind, and so is no part of a daemon's session.
const peersPart = "peers"

func partNames() (names []string) {
	for _, p := range parts {
		names = append(names, p.name)
	}
	return append(names, peersPart)
}

// plan is what is measured, and how often.
type plan struct {
	runs      int
	chosen    []string // of partNames
	intervals []time.Duration
}

func newPlan(runs int, only, intervals string) (plan, error) {
	p := plan{runs: runs, chosen: partNames()}
	if runs < 1 {
		return p, fmt.Errorf("%d runs are none", runs)
	}
	if only != "" {
		p.chosen = strings.Split(only, ",")
	}
	for _, name := range p.chosen {
		if !slices.Contains(partNames(), name) {
			return p, fmt.Errorf("no part %q; there are %s", name, strings.Join(partNames(), ", "))
		}
	}
	for text := range strings.SplitSeq(intervals, ",") {
		interval, err := time.ParseDuration(text)
		if err != nil {
			return p, fmt.Errorf("read the intervals: %w", err)
		}
		p.intervals = append(p.intervals, interval)
	}
	return p, nil
}

// follow goes through the plan. The daemons take turns within every run, so that
// whatever else the machine does falls on both.
func (p plan) follow(b *bench) {
	for run := range p.runs {
		for i, interval := range p.intervals {
			cluster := lab.Cluster{Interval: interval, Services: services}
			if now := p.partsAt(i); len(now) > 0 {
				for _, daemon := range daemons {
					b.progress("run %d of %d, advertisements every %v: %s", run+1, p.runs, interval, daemon)
					s := b.open(cluster, daemon, daemon)
					for _, part := range now {
						part.measure(s)
					}
					s.close()
				}
			}
		}
		if slices.Contains(p.chosen, peersPart) {
			cluster := lab.Cluster{Interval: p.intervals[0], Services: services}
			for i, master := range daemons {
				backup := daemons[1-i]
				b.progress("run %d of %d: master %s, backup %s", run+1, p.runs, master, backup)
				s := b.open(cluster, master, backup)
				s.peers()
				s.close()
			}
		}
	}
}

// partsAt are the chosen parts for an interval: the first one has them all.
func (p plan) partsAt(interval int) (now []part) {
	for _, part := range parts {
		if slices.Contains(p.chosen, part.name) && (interval == 0 || !part.once) {
			now = append(now, part)
		}
	}
	return now
}
