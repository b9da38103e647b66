//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

// report is all tables, in the order in which they were first asked for.
type report struct {
	runs   int // of which each cell has a figure, unless it says otherwise
	tables []*table
}

// table collects figures by row and column over all the runs.
type table struct {
	title   string
	columns []string
	rows    []*row
}

// row is one event: what bounds it, and a cell for each column.
type row struct {
	name, bound string
	unit        unit
	cells       map[string][]figure
}

// table is the one with this title, made with these columns if there is none.
func (r *report) table(title string, columns ...string) *table {
	for _, t := range r.tables {
		if t.title == title {
			return t
		}
	}
	t := &table{title: title, columns: columns}
	r.tables = append(r.tables, t)
	return t
}

// row is the one of this name, made with this bound if there is none.
func (t *table) row(name, bound string, u unit) *row {
	for _, r := range t.rows {
		if r.name == name {
			return r
		}
	}
	r := &row{name: name, bound: bound, unit: u, cells: map[string][]figure{}}
	t.rows = append(t.rows, r)
	return r
}

// add adds one run's figure to a cell.
func (r *row) add(column string, f figure) { r.cells[column] = append(r.cells[column], f) }

// markdown writes all tables.
func (r *report) markdown() string {
	var b strings.Builder
	for _, t := range r.tables {
		fmt.Fprintf(&b, "### %s\n\n", t.title)
		t.write(&b, r.runs)
		b.WriteString("\n")
	}
	return b.String()
}

func (t *table) write(b *strings.Builder, runs int) {
	lines := [][]string{slices.Concat([]string{"event", "bound"}, t.columns)}
	for _, r := range t.rows {
		line := []string{r.name, r.bound}
		for _, c := range t.columns {
			line = append(line, r.cell(c, runs))
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		fmt.Fprintf(b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(line)) + "\n")
		}
	}
}

// cell is what the runs had, and how many did where some had nothing to show.
func (r *row) cell(column string, runs int) string {
	text := summarize(r.cells[column]).in(r.unit)
	if n := len(r.cells[column]); n > 0 && n < runs {
		text += fmt.Sprintf(", n = %d", n)
	}
	return text
}
