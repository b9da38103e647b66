//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// noise is what a machine that others use too may add to a time.
const noise = 300 * time.Millisecond

// result is what a pair went through.
type result struct {
	pair       pair
	provoked   int // faults
	duels      int // of them, those that made two masters
	unprovoked []string
	overlap    time.Duration // the longest with two holders when one succeeded the other
	duel       time.Duration // the longest, after both were heard again
	splits     int           // that hald told of
	complaints []string      // of the daemons about each other
}

// faults is what must not have happened.
func faults(results []result) error {
	var all []error
	for _, r := range results {
		blame := func(format string, arguments ...any) {
			all = append(all, fmt.Errorf("%s: %s", r.pair, fmt.Sprintf(format, arguments...)))
		}
		if len(r.unprovoked) > 0 {
			blame("the address moved unprovoked: %s", strings.Join(r.unprovoked, ", "))
		}
		if r.overlap > noise {
			blame("two had the address for %v when one succeeded the other", r.overlap)
		}
		if r.duel > interval+noise {
			blame("two had the address for %v after they heard each other again", r.duel)
		}
		want := 0 // hald yields to the better one
		if daemons[r.pair.better] == "hald" {
			want = r.duels
		}
		if r.splits != want {
			blame("hald told of %d splits, want %d", r.splits, want)
		}
		for _, c := range r.complaints {
			blame("%s", c)
		}
	}
	return errors.Join(all...)
}

// table is the results in Markdown.
func table(results []result) string {
	var b strings.Builder
	b.WriteString("| pair | faults | of them duels | moved unprovoked | two holders at a succession, at most | two holders after a duel's end, at most |\n|---|---|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %d | %d | %d times | %v | %v |\n", r.pair, r.provoked, r.duels, len(r.unprovoked), tenths(r.overlap), tenths(r.duel))
	}
	return b.String()
}

func tenths(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// discontent is what keepalived says when it does not like what it hears, and
// estranged what hald does.
var (
	discontent = regexp.MustCompile(`(?i)invalid|mismatch|bogus|checksum|incorrect|wrong|not equal|dropp|differ`)
	estranged  = regexp.MustCompile(`"event":"(vrrp\.foreign|vrrp\.mismatch|address\.conflict|vrrp\.error)"`)
	splitBegan = regexp.MustCompile(`"event":"vrrp\.split".*"reason":"start"`)
)

// complaints reads both logs.
func complaints(folder string) (list []string, splits int, err error) {
	for _, director := range directors {
		log, err := os.ReadFile(filepath.Join(folder, director, "log"))
		if err != nil {
			return nil, 0, err
		}
		for line := range strings.Lines(string(log)) {
			if daemons[director] == "keepalived" && discontent.MatchString(line) || estranged.MatchString(line) {
				list = append(list, director+" said: "+strings.TrimSpace(line))
			}
			if splitBegan.MatchString(line) {
				splits++
			}
		}
	}
	return list, splits, nil
}
