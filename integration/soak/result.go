//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What a machine that others use too adds to a time: a little to most, and to one
// of many as long as it stands still.
const (
	late  = 50 * time.Millisecond
	stall = time.Second
)

// result is what a pair went through.
type result struct {
	pair       pair
	provoked   int // faults
	unprovoked []string
	overlaps   []time.Duration // for how long two had the address when one succeeded the other
	endings    []time.Duration // and after the adverts of a duel were heard again
	splits     int             // that hald told of
	complaints []string        // of the daemons about each other
}

// faults is what must not have happened.
func faults(results []result) error {
	var all []error
	var overlaps, endings []time.Duration
	for _, r := range results {
		blame := func(format string, arguments ...any) {
			all = append(all, fmt.Errorf("%s: %s", r.pair, fmt.Sprintf(format, arguments...)))
		}
		if len(r.unprovoked) > 0 {
			blame("the address moved unprovoked: %s", strings.Join(r.unprovoked, ", "))
		}
		overlaps, endings = append(overlaps, r.overlaps...), append(endings, r.endings...)
		if worst := slices.Max(r.overlaps); worst > stall {
			blame("two had the address for %v when one succeeded the other", worst)
		}
		if worst := slices.Max(r.endings); worst > interval+stall {
			blame("two had the address for %v after they heard each other again", worst)
		}
		want := 0 // hald yields to the better one
		if daemons[r.pair.better] == "hald" {
			want = len(r.endings)
		}
		if r.splits != want {
			blame("hald told of %d splits, want %d", r.splits, want)
		}
		for _, c := range r.complaints {
			blame("%s", c)
		}
	}
	if m := median(overlaps); m > late {
		all = append(all, fmt.Errorf("two had an address for %v as a rule when one succeeded the other", m))
	}
	if m := median(endings); m > interval+late {
		all = append(all, fmt.Errorf("two had an address for %v as a rule after they heard each other again", m))
	}
	return errors.Join(all...)
}

func median(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}

// table is the results in Markdown.
func table(results []result) string {
	var b strings.Builder
	b.WriteString("| pair | faults | of them duels | moved unprovoked | two holders at a succession | two holders after a duel's end |\n|---|---|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %d | %d | %d times | %s | %s |\n", r.pair, r.provoked, len(r.endings), len(r.unprovoked), figure(r.overlaps), figure(r.endings))
	}
	return b.String()
}

// figure is the median, and the longest in brackets.
func figure(times []time.Duration) string {
	const unit = 100 * time.Microsecond
	return fmt.Sprintf("%v (%v)", median(times).Round(unit), slices.Max(times).Round(unit))
}

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
