package doctor

import (
	"fmt"
	"slices"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // it works, but not in every case, or it could not be looked at
	Fail Level = "fail" // not ready
)

// Finding is one thing that was looked at.
type Finding struct {
	Check   string `json:"check"`   // stable name of what was looked at
	Subject string `json:"subject"` // which interface, instance, server; empty: the machine
	Level   Level  `json:"level"`
	Text    string `json:"text"`
	Cure    string `json:"cure,omitempty"` // a command, or where there is none, what to do
}

// Ready tells whether nothing failed.
func Ready(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.Level == Fail })
}

// chart is a list of findings that is written.
type chart []Finding

func (c *chart) ok(check, subject, format string, args ...any) {
	*c = append(*c, Finding{check, subject, OK, fmt.Sprintf(format, args...), ""})
}

func (c *chart) warn(check, subject, cure, format string, args ...any) {
	*c = append(*c, Finding{check, subject, Warn, fmt.Sprintf(format, args...), cure})
}

func (c *chart) fail(check, subject, cure, format string, args ...any) {
	*c = append(*c, Finding{check, subject, Fail, fmt.Sprintf(format, args...), cure})
}
