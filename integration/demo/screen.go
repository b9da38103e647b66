//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/guest"
)

// Colours, as a terminal wants them. Text carries them from the start; they are
// taken out for everything that is no terminal.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	plain  = "\x1b[0m"
	erase  = "\r\x1b[K"
)

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// screen is where the demonstration is told: lines with the time on the left,
// and on a terminal a last line that is always up to date.
type screen struct {
	terminal io.Writer
	record   io.Writer
	begin    time.Time
	live     bool // the last line may be rewritten
	coloured bool
	status   string
}

func newScreen(terminal, record io.Writer, begin time.Time) *screen {
	live := guest.Terminal()
	return &screen{
		terminal: terminal, record: record, begin: begin,
		live: live, coloured: live && os.Getenv("NO_COLOR") == "",
	}
}

// text writes lines as they are.
func (s *screen) text(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.note(text)
	if s.live {
		fmt.Fprint(s.terminal, erase)
	}
	fmt.Fprintln(s.terminal, s.dye(text))
	if s.live {
		fmt.Fprint(s.terminal, s.dye(s.status))
	}
}

// at tells what happened at a moment: who it happened to, and what.
func (s *screen) at(when time.Time, who, format string, args ...any) {
	s.text("%s", s.line(when, who, fmt.Sprintf(format, args...)))
}

// line is a line that begins with the time.
func (s *screen) line(when time.Time, who, what string) string {
	return fmt.Sprintf("%s%6.2f%s  %-8s %s", dim, when.Sub(s.begin).Seconds(), plain, who, what)
}

// heading begins a chapter.
func (s *screen) heading(format string, args ...any) {
	s.text("\n%s%s%s", bold, fmt.Sprintf(format, args...), plain)
}

// note writes lines into the record alone.
func (s *screen) note(text string) { fmt.Fprintln(s.record, colour.ReplaceAllString(text, "")) }

// passing writes a line that a terminal, where the last line says it better,
// does not need.
func (s *screen) passing(text string) {
	if s.live {
		s.note(text)
	} else {
		s.text("%s", text)
	}
}

// now replaces the last line; without a terminal it is not shown.
func (s *screen) now(status string) {
	s.status = status
	if s.live {
		fmt.Fprint(s.terminal, erase+s.dye(s.status))
	}
}

func (s *screen) dye(text string) string {
	if s.coloured {
		return text
	}
	return colour.ReplaceAllString(text, "")
}

// padded is text of a width, counted as it is seen.
func padded(text string, width int) string {
	seen := len([]rune(colour.ReplaceAllString(text, "")))
	return text + strings.Repeat(" ", max(0, width-seen))
}
