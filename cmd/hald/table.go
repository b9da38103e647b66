package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The colours of a cell, as ANSI parameters.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

// bold is how headings are painted.
const bold = "1"

// cell is one entry of a table; paint is empty for no colour.
type cell struct{ text, paint string }

func plain(text string) cell { return cell{text: text} }

func number(n int) cell { return plain(strconv.Itoa(n)) }

// heading is the first row of a table.
func heading(names ...string) []cell {
	cells := make([]cell, len(names))
	for i, name := range names {
		cells[i] = cell{name, bold}
	}
	return cells
}

// table aligns cells in columns. Colours do not count as width, which is why
// text/tabwriter does not do.
type table struct {
	colour bool
	right  map[int]bool // columns of numbers, which end below one another
	rows   [][]cell
	widths []int
}

// row adds one line. All rows have the same number of cells.
func (t *table) row(cells ...cell) {
	if t.widths == nil {
		t.widths = make([]int, len(cells))
	}
	for i := range cells {
		cells[i].text = printable(cells[i].text)
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cells[i].text))
	}
	t.rows = append(t.rows, cells)
}

// printable keeps what comes from outside, such as a server's error text, from
// breaking lines or driving the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

func (t *table) String() string {
	var text strings.Builder
	for _, row := range t.rows {
		pending := 0 // blanks are written only before something
		for i, c := range row {
			if c.text != "" {
				if t.right[i] {
					pending += t.widths[i] - utf8.RuneCountInString(c.text)
				}
				text.WriteString(strings.Repeat(" ", pending))
				pending = 0
				if t.colour && c.paint != "" {
					text.WriteString("\x1b[" + c.paint + "m" + c.text + "\x1b[0m")
				} else {
					text.WriteString(c.text)
				}
			}
			if pending += 2; c.text == "" || !t.right[i] {
				pending += t.widths[i] - utf8.RuneCountInString(c.text)
			}
		}
		text.WriteByte('\n')
	}
	return text.String()
}
