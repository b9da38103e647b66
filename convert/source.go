package convert

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What is read, at most: a converter is run on files that nobody looked at.
const (
	maxFile        = 4 << 20 // bytes of a file
	maxLines       = 200_000 // after definitions and sequences were expanded
	maxLength      = 64 << 10
	maxNested      = 20  // files that include files, definitions in definitions
	maxSubstituted = 200 // definitions in a line
)

// line is one that is in force, with definitions resolved.
type line struct {
	words   []word
	comment string
	at      place
}

// source reads the files of one director into lines.
type source struct {
	id      string // what @lines are compared with
	report  *Report
	names   map[string]string // $DEFINITIONS
	lines   []line
	most    int    // lines
	work    int    // lines that were looked at, with those that come to nothing
	full    bool   // there was too much
	defines string // the definition that goes on in the next line
	folder  string
}

// read appends the lines of a file.
func (s *source) read(name string, depth int) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return err
	}
	if len(text) > maxFile {
		return fmt.Errorf("%s: more than %d bytes", name, maxFile)
	}
	was := s.folder
	s.folder = filepath.Dir(name)
	s.text(name, string(text), depth)
	s.folder = was
	return nil
}

// text appends the lines of a text.
func (s *source) text(name, text string, depth int) {
	number := 0
	for raw := range strings.Lines(text) {
		number++
		s.physical(strings.TrimRight(raw, "\r\n"), place{name, number}, depth)
	}
	if s.defines != "" {
		s.report.lost(place{name, number}, "the definition of $%s goes on after the end of the file", s.defines)
		s.defines = ""
	}
}

// physical takes a line as it stands in the file. Includes are found before anything
// is resolved, as the manual says.
func (s *source) physical(raw string, at place, depth int) {
	if s.defines != "" {
		more := strings.TrimRight(raw, " \t")
		rest, goesOn := strings.CutSuffix(more, "\\")
		s.names[s.defines] += rest + "\n"
		if !goesOn {
			s.defines = ""
		}
		return
	}
	if words, _, _ := split(raw); len(words) > 1 && slices.Contains([]string{"include", "includer", "includem", "includew", "includeb", "includea"}, words[0].text) {
		s.include(words[1].text, words[0].text, at, depth)
		return
	}
	s.resolve(raw, at, depth)
}

// resolve takes a line that may have conditions, definitions and sequences.
func (s *source) resolve(raw string, at place, depth int) {
	s.work++
	if s.full && s.work > 2*s.most {
		return
	}
	if len(s.lines) >= s.most || s.work > 2*s.most || len(raw) > maxLength || depth > maxNested {
		if !s.full {
			s.full = true
			s.report.lost(at, "there is too much: more than %d lines, a line of more than %d bytes, or definitions nested more than %d deep; the rest is left out", s.most, maxLength, maxNested)
		}
		return
	}
	text := strings.TrimLeft(raw, " \t")
	switch {
	case strings.HasPrefix(text, "@"):
		if rest, ours := s.condition(text); ours {
			s.resolve(rest, at, depth)
		}
	case s.define(text):
	case strings.HasPrefix(text, "~SEQ") || strings.HasPrefix(text, "~LST"):
		s.repeat(text, at, depth)
	default:
		done, changed := text, false
		for n := 0; n < maxSubstituted && len(done) <= maxLength && !strings.Contains(done, "\n"); n++ {
			next, more := s.substitute(done)
			if !more {
				break
			}
			done, changed = next, true
		}
		if !changed {
			words, comment, ok := split(text)
			if !ok {
				s.report.lost(at, "a quote is not closed; keepalived reads to the end of the line")
			}
			if len(words) > 0 || comment != "" {
				s.lines = append(s.lines, line{words, comment, at})
			}
			return
		}
		for part := range strings.SplitSeq(done, "\n") {
			s.resolve(part, at, depth+1)
		}
	}
}

// condition resolves @id and @^id.
func (s *source) condition(text string) (rest string, ours bool) {
	id, rest, _ := strings.Cut(text[1:], " ")
	if before, after, tab := strings.Cut(id, "\t"); tab {
		id, rest = before, after+" "+rest
	}
	if other, not := strings.CutPrefix(id, "^"); not {
		return rest, other != s.id
	}
	return rest, id == s.id
}

// define takes $NAME=VALUE.
func (s *source) define(text string) bool {
	if !strings.HasPrefix(text, "$") {
		return false
	}
	name, value, is := strings.Cut(text[1:], "=")
	if !is || !isName(name) {
		return false
	}
	value = strings.TrimRight(value, " \t")
	if first, goesOn := strings.CutSuffix(value, "\\"); goesOn {
		s.defines, s.names[name] = name, strings.TrimSpace(first)
		return true
	}
	s.names[name] = value
	return true
}

func isName(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// substitute replaces the first definition that the line names.
func (s *source) substitute(text string) (string, bool) {
	inside := byte(0) // of a quote
	for i := range len(text) {
		switch c := text[i]; {
		case c == inside:
			inside = 0
		case inside == 0 && (c == '"' || c == '\''):
			inside = c
		case inside == 0 && (c == '#' || c == '!'):
			return text, false
		}
		if text[i] != '$' {
			continue
		}
		rest := text[i+1:]
		if inner, braced := strings.CutPrefix(rest, "{"); braced {
			name, after, closed := strings.Cut(inner, "}")
			if value, known := s.value(name); closed && known {
				return text[:i] + value + after, true
			}
			continue
		}
		end := strings.IndexAny(rest+" ", " \t")
		if value, known := s.value(rest[:end]); known {
			return text[:i] + value + rest[end:], true
		}
	}
	return text, false
}

// value is what a definition stands for. The comment signs among them are others until
// the words are split.
func (s *source) value(name string) (string, bool) {
	if value, known := s.names[name]; known {
		return strings.TrimSuffix(value, "\n"), true
	}
	switch name {
	case "_PWD":
		return s.folder, true
	case "_INSTANCE":
		return s.id, true
	case "_HASH":
		return protectedHash, true
	case "_BANG":
		return protectedBang, true
	}
	return "", false
}
