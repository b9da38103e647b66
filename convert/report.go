// Package convert turns what other programs are configured with, keepalived and
// ipvsadm, into the configuration of a cluster of hald's, and tells what of it did
// not come along. It reads the files that it is given and touches nothing else.
package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Kind is what became of something.
type Kind int

// The kinds of findings, the worst first.
const (
	Lost      Kind = iota // it has no counterpart, or no certain one: somebody must decide
	Rewritten             // keepalived would not have done what is written, and the result is what it would have done
	Note                  // it is done otherwise here, or for granted; worth a look
)

// place is where something is said.
type place struct {
	file string
	line int // 0: the file as a whole
}

func (p place) String() string {
	if p.line == 0 {
		return p.file
	}
	return fmt.Sprintf("%s:%d", p.file, p.line)
}

// Finding is one thing that is to be known about a conversion.
type Finding struct {
	Kind Kind
	Text string
	at   place
}

// At is where it is said: FILE:LINE.
func (f Finding) At() string { return f.at.String() }

// Report is all of them, in the order of the files.
type Report struct {
	Findings []Finding
	known    map[Finding]bool
}

func (r *Report) add(k Kind, at place, format string, args ...any) {
	f := Finding{k, fmt.Sprintf(format, args...), at}
	if r.known == nil {
		r.known = map[Finding]bool{}
	}
	if !r.known[f] {
		r.known[f] = true
		r.Findings = append(r.Findings, f)
	}
}

func (r *Report) lost(at place, format string, args ...any) { r.add(Lost, at, format, args...) }
func (r *Report) rewritten(at place, format string, args ...any) {
	r.add(Rewritten, at, format, args...)
}
func (r *Report) note(at place, format string, args ...any) { r.add(Note, at, format, args...) }

// sort puts the findings into the order of the files and their lines.
func (r *Report) sort() {
	var files []string
	for _, f := range r.Findings {
		if !slices.Contains(files, f.at.file) {
			files = append(files, f.at.file)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(files, a.at.file), slices.Index(files, b.at.file)), cmp.Compare(a.at.line, b.at.line))
	})
}

// Losses is how much was lost.
func (r *Report) Losses() int {
	n := 0
	for _, f := range r.Findings {
		if f.Kind == Lost {
			n++
		}
	}
	return n
}

// String is the report for people.
func (r *Report) String() string {
	var b strings.Builder
	for kind, title := range []string{
		"Lost: without a counterpart, or to be decided",
		"Rewritten: keepalived would have done so silently",
		"Notes: done otherwise, or for granted",
	} {
		var of []Finding
		for _, f := range r.Findings {
			if f.Kind == Kind(kind) {
				of = append(of, f)
			}
		}
		if len(of) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s (%d)\n", title, len(of))
		for _, f := range of {
			fmt.Fprintf(&b, "  %s: %s\n", f.at, f.Text)
		}
	}
	if len(r.Findings) == 0 {
		return "Everything has a counterpart.\n"
	}
	return b.String()
}

// quote lists names in quotes.
func quote(names []string) string {
	quoted := slices.Clone(names)
	for i, n := range quoted {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, ", ")
}
