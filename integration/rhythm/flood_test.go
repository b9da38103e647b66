//go:build linux

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestR23Flood: forty thousand packets a second to the master's virtual router, half
// of them invalid, half of lower priority, delay no advert by more than a fifth of
// an interval, and cost a bounded part of a core, of the log and of the network.
func TestR23Flood(t *testing.T) {
	const (
		rate, during   = 40_000, 10 * time.Second // packets a second
		enough         = 0.9                      // of the rate: a busy machine may not reach it
		most           = 0.25                     // of a core, for all processes
		lines, answers = 100, 20                  // of the log; gratuitous ARP messages of an address
		interval       = time.Second
	)
	p := startPair(t, haldDaemon{}.config("", 1, interval))
	p.await(t, directors[0], 1, `"event":"vrrp.transition"`, `"to":"master"`)
	time.Sleep(6 * time.Second) // both bursts of announcements are over
	src := []byte{192, 0, 2, 99}
	lower := advert(src, young, believable, 100)
	spoilt := slices.Clone(lower)
	spoilt[6] ^= 1 // the checksum
	frames := [][]byte{ipv4(src, group4, 255, 0, nil, lower), ipv4(src, group4, 255, 0, nil, spoilt)}
	// Others use the machine, too: what hald does wrong shows in every try.
	var fault string
	for range 3 {
		quiet, before, begin := len(p.log("lb1")), p.holding("lb1"), time.Now()
		sent := p.wires["lb1"].flood(t, frames, rate, during)
		after, end := p.holding("lb1"), time.Now()
		time.Sleep(witnessDelay)
		seen, err := readCapture(filepath.Join(p.folder, "capture"), rightful(0), begin, end)
		if err != nil {
			t.Fatal(err)
		}
		cpu, whole := after.since(before.used)
		pace, share, said := float64(sent)/during.Seconds(), cpu.Seconds()/end.Sub(begin).Seconds(), len(p.log("lb1"))-quiet
		t.Logf("%.0f packets/s; longest of %d gaps %v; %.1f %% of a core; %d lines in the log, %d announcements, %d takeovers",
			pace, len(seen.gaps), seen.quantile(1), 100*share, said, seen.announced, len(seen.takeovers))
		switch {
		case !whole || len(seen.takeovers) > 0 || said > lines || seen.announced > answers:
			t.Fatalf("a process was replaced, the address moved, or hald said too much:\n%s", strings.Join(p.log("lb1"), "\n"))
		case pace < enough*rate:
			fault = "the flood was no flood: the machine is too busy"
		case seen.quantile(1) > interval*6/5 || len(seen.gaps) < int(during/interval)-1:
			fault = "adverts were late"
		case share > most:
			fault = "it costs too much"
		default:
			return
		}
	}
	t.Error(fault)
}

// flood sends frames in turn, so many a second, and tells how many it sent.
func (w wire) flood(t *testing.T, frames [][]byte, rate int, during time.Duration) (sent int) {
	t.Helper()
	for start := time.Now(); time.Since(start) < during; time.Sleep(time.Millisecond) {
		for due := int(time.Since(start).Seconds() * float64(rate)); sent < due; sent++ {
			w.send(t, frames[sent%len(frames)])
		}
	}
	return sent
}
