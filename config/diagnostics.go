package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Diagnostics is what a load found, in the order of the text. Its zero value
// is a load that found nothing.
type Diagnostics struct {
	list  hcl.Diagnostics
	files map[string]*hcl.File
	keys  map[string][]keySpan // by file: not to be shown
}

// Message is one diagnostic as plain data. Line and Column start at 1 and are
// 0 when the message is about no place in a file; columns count characters.
type Message struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"` // error or warning
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
}

// HasErrors says whether the configuration is refused.
func (d Diagnostics) HasErrors() bool { return d.list.HasErrors() }

// Messages lists the diagnostics, for JSON output or an event.
func (d Diagnostics) Messages() []Message {
	messages := make([]Message, 0, len(d.list))
	for _, diag := range d.list {
		m := Message{Severity: severity(diag), Summary: diag.Summary, Detail: diag.Detail}
		if diag.Subject != nil {
			m.File, m.Line, m.Column = diag.Subject.Filename, diag.Subject.Start.Line, diag.Subject.Start.Column
		}
		messages = append(messages, m)
	}
	return messages
}

// Err sums the errors up in one line, nil without errors. It is for logs and
// replies; people get WriteText.
func (d Diagnostics) Err() error {
	var first *hcl.Diagnostic
	errors := 0
	for _, diag := range d.list {
		if diag.Severity == hcl.DiagError {
			if first == nil {
				first = diag
			}
			errors++
		}
	}
	switch errors {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("invalid configuration: %s", oneLine(first))
	default:
		return fmt.Errorf("invalid configuration: %s (and %d more errors)", oneLine(first), errors-1)
	}
}

func oneLine(diag *hcl.Diagnostic) string {
	if diag.Subject == nil {
		return diag.Summary + ": " + diag.Detail
	}
	return position(*diag.Subject) + ": " + diag.Summary + ": " + diag.Detail
}

func severity(diag *hcl.Diagnostic) string {
	if diag.Severity == hcl.DiagWarning {
		return "warning"
	}
	return "error"
}

// position is a place as editors and terminals understand it.
func position(r hcl.Range) string {
	return fmt.Sprintf("%s:%d:%d", r.Filename, r.Start.Line, r.Start.Column)
}

// fail adds an error at a place, or at no place.
func (s *source) fail(at *hcl.Range, summary, detail string) {
	s.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: capital(detail), Subject: kept(at)}})
}

// warn adds a warning at a place.
func (s *source) warn(at *hcl.Range, summary, detail string) {
	s.report(hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: summary, Detail: capital(detail), Subject: kept(at)}})
}

// kept is a place that stays as it is, whatever becomes of who had it.
func kept(at *hcl.Range) *hcl.Range {
	if at == nil {
		return nil
	}
	here := *at
	return &here
}

// capital begins a sentence. Names and values that begin one stay as they are.
func capital(s string) string {
	for _, article := range []string{"a ", "an ", "the "} {
		if strings.HasPrefix(s, article) {
			return strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return s
}

// report adds diagnostics that were not reported before: the same text is read
// once for its names and once for each director.
func (s *source) report(diags hcl.Diagnostics) {
	s.said += len(diags)
	for _, d := range diags {
		key := severity(d) + d.Summary + "\x00" + d.Detail
		if d.Subject != nil {
			key = d.Subject.String() + key
		}
		if s.known[key] {
			continue
		}
		s.known[key] = true
		plain := *d
		// The library's own rendering would print the values of variables.
		plain.Expression, plain.EvalContext, plain.Extra = nil, nil, nil
		s.diags = append(s.diags, &plain)
	}
}

// diagnostics returns what was reported, sorted by place.
func (s *source) diagnostics() Diagnostics {
	list := slices.Clone(s.diags)
	slices.SortStableFunc(list, func(a, b *hcl.Diagnostic) int {
		switch {
		case a.Subject == nil && b.Subject == nil:
			return 0
		case a.Subject == nil:
			return -1
		case b.Subject == nil:
			return 1
		case a.Subject.Filename != b.Subject.Filename:
			return strings.Compare(a.Subject.Filename, b.Subject.Filename)
		}
		return a.Subject.Start.Byte - b.Subject.Start.Byte
	})
	return Diagnostics{list: list, files: s.files, keys: s.keys}
}
