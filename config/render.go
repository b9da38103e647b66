package config

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// WriteText writes the diagnostics for people: what is wrong, the place as
// file:line:column, the source line with the spot underlined, and the hint.
// Details are wrapped at width columns (0: never); color adds ANSI sequences.
func (d Diagnostics) WriteText(w io.Writer, width int, color bool) error {
	var out bytes.Buffer
	for _, diag := range d.list {
		d.writeOne(&out, diag, width, color)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write diagnostics: %w", err)
	}
	return nil
}

func (d Diagnostics) writeOne(out *bytes.Buffer, diag *hcl.Diagnostic, width int, color bool) {
	title, tint, end := "Error", "\x1b[1;31m", "\x1b[0m"
	if diag.Severity == hcl.DiagWarning {
		title, tint = "Warning", "\x1b[1;33m"
	}
	if !color {
		tint, end = "", ""
	}
	fmt.Fprintf(out, "%s%s:%s %s\n", tint, title, end, diag.Summary)
	if diag.Subject != nil {
		fmt.Fprintf(out, "  %s%s\n", position(*diag.Subject), d.inBlock(diag))
		if line, ok := d.sourceLine(*diag.Subject); ok {
			number := fmt.Sprintf("%5d", diag.Subject.Start.Line)
			fmt.Fprintf(out, "%s | %s\n", number, line)
			fmt.Fprintf(out, "      | %s%s%s\n", tint, underline(line, *diag.Subject), end)
		}
	}
	for _, line := range wrap(diag.Detail, width-2) {
		fmt.Fprintf(out, "  %s\n", line)
	}
	out.WriteByte('\n')
}

// inBlock names the block a diagnostic lies in.
func (d Diagnostics) inBlock(diag *hcl.Diagnostic) string {
	file := d.files[diag.Subject.Filename]
	if file == nil {
		return ""
	}
	nav, ok := file.Nav.(interface{ ContextString(offset int) string })
	if !ok {
		return ""
	}
	if name := nav.ContextString(diag.Subject.Start.Byte); name != "" {
		return ", in " + name
	}
	return ""
}

// sourceLine is the line a range starts on. Control characters other than tabs
// are replaced, so that a file cannot drive the terminal. A line that may hold a
// key is not shown.
func (d Diagnostics) sourceLine(r hcl.Range) (string, bool) {
	file := d.files[r.Filename]
	if file == nil || r.Start.Byte > len(file.Bytes) {
		return "", false
	}
	text := file.Bytes
	start := bytes.LastIndexByte(text[:r.Start.Byte], '\n') + 1
	line, _, _ := bytes.Cut(text[start:], []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 || holdsKey(d.keys[r.Filename], start, line) {
		return "", false
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' || c == 0x7f {
			return utf8.RuneError
		}
		return c
	}, string(line)), true
}

// underline puts carets under the part of the line that the range covers.
func underline(line string, r hcl.Range) string {
	chars := []rune(line)
	from := min(max(r.Start.Column-1, 0), len(chars))
	to := len(chars)
	if r.End.Line == r.Start.Line {
		to = min(r.End.Column-1, len(chars))
	}
	pad := strings.Map(func(c rune) rune {
		if c == '\t' {
			return c
		}
		return ' '
	}, string(chars[:from]))
	return pad + strings.Repeat("^", max(1, to-from))
}

// wrap breaks text into lines of at most width columns, at spaces.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			switch {
			case line == "":
				line = word
			case width > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
				lines = append(lines, line)
				line = word
			default:
				line += " " + word
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
