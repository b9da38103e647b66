package hald_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hald-project/hald/config/golden"
)

// figure is one of hald's beside keepalived's, as a page has it.
type figure struct {
	what    string // it is, for the README
	page    string // in docs, without its ending
	section string // how its heading begins
	row     string // the first cell
	column  string // of the figure, where each daemon has a row; empty: each has a column
}

const gaps, kernels, failing, taken, announced = "The client's longest gap; advertisements every 1s", "The address in the kernels, watched for a second longer than the bound; advertisements every 1s",
	"A real server fails", "Taken away", "From the last advert to the first announcement, beyond the bound; advertisements every 1s"

// comparison is the README's: also where keepalived does better.
var comparison = []figure{
	{"the master is stopped: clients wait", "measurements", gaps, "SIGTERM of the master", ""},
	{"its process that speaks VRRP is killed: clients wait", "measurements", gaps, "`kill -9` of the election worker", ""},
	{"all of its processes are killed: clients wait", "measurements", gaps, "`kill -9` of the master", ""},
	{"… until the dead one's kernel lets go of the address", "measurements", kernels, "… the dead master's kernel holds the address", ""},
	{"it stands still for 10 s: two have the address for", "measurements", kernels, "the master stands still for 10s: two owners", ""},
	{"its cable is cut: clients wait", "measurements", gaps, "the master's cable is cut", ""},
	{"it returns: clients wait", "measurements", gaps, "the master returns", ""},
	{"the backup's own delay, beyond what the protocol makes it wait", "measurements", announced, "`kill -9` of the master (Active_Down_Interval)", ""},
	{"the address is removed by hand: it is back after", "measurements", taken, "`ip addr del` of the address, until it is back (the command's time included)", ""},
	{"`ipvsadm -C`: the table is whole after", "measurements", taken, "`ipvsadm -C`, until the table is whole (watched for 8s)", ""},
	{"a real server is killed: it is out of the table after", "measurements", failing, "killed, until it is out of the table", ""},
	{"… it answers again: it is back after", "measurements", failing, "answers, until it is back with its weight", ""},
	{"an advert every 10 ms on a busy machine: the longest gap", "rhythm", "Virtual routers: 1,", "loaded", "longest"},
	{"processor time of that, on an idle machine", "rhythm", "Virtual routers: 1,", "idle", "CPU"},
	{"… of 50 virtual routers", "rhythm", "Virtual routers: 50,", "idle", "CPU"},
	{"memory with one virtual router", "rhythm", "Virtual routers: 1,", "idle", "memory"},
	{"… with 50", "rhythm", "Virtual routers: 50,", "idle", "memory"},
}

// TestReadmeComparesAsThePagesDo: the README's comparison has the figures of the pages, and
// `go test -run Readme . -update` gives it those.
func TestReadmeComparesAsThePagesDo(t *testing.T) {
	const begin, end = "<!-- comparison: begin -->\n", "<!-- comparison: end -->"
	readme := text(t, "README.md")
	before, rest, found := strings.Cut(readme, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("the README has no %s and %s", begin, end)
	}
	var table strings.Builder
	table.WriteString("\n| | hald | keepalived | from |\n|---|---|---|---|\n")
	for _, f := range comparison {
		hald, keepalived := f.find(text(t, "docs/"+f.page+".md"))
		if hald == "" || keepalived == "" {
			t.Errorf("docs/%s.md, %q, has %q for hald and %q for keepalived in the row %q", f.page, f.section, hald, keepalived, f.row)
		}
		fmt.Fprintf(&table, "| %s | %s | %s | [%[4]s](docs/%[4]s.md) |\n", f.what, hald, keepalived, f.page)
	}
	golden.Compare(t, "README.md", before+begin+table.String()+"\n"+end+after)
}

// TestFiguresAreLookedUp: what the test above looks for is found where it looks, and nowhere else.
func TestFiguresAreLookedUp(t *testing.T) {
	const page = "# A page\n\n## Gaps\n\n| event | hald | keepalived |\n|---|---|---|\n| a | 1 ms | 2 ms |\n| b | 3 ms | 4 ms |\n\n" +
		"## Rhythm\n\n| machine | daemon | CPU | memory |\n|---|---|---|---|\n| idle | hald | 5 % | 5 MB |\n| idle | keepalived | 6 % | 6 MB |\n| loaded | keepalived | 7 % | 7 MB |\n"
	for _, tt := range []struct {
		figure
		hald, keepalived string
	}{
		{figure{section: "Gaps", row: "a"}, "1 ms", "2 ms"}, {figure{section: "Gaps", row: "b"}, "3 ms", "4 ms"}, {figure{section: "Gaps", row: "c"}, "", ""}, {figure{section: "Rhythm", row: "a"}, "", ""},
		{figure{section: "Rhy", row: "idle", column: "memory"}, "5 MB", "6 MB"}, {figure{section: "Rhythm", row: "loaded", column: "CPU"}, "", "7 %"}, {figure{section: "Gaps", row: "idle", column: "CPU"}, "", ""},
	} {
		if hald, keepalived := tt.find(page); hald != tt.hald || keepalived != tt.keepalived {
			t.Errorf("%+v: %q and %q", tt, hald, keepalived)
		}
	}
}

// find looks a figure up; of one that is not there it is empty.
func (f figure) find(page string) (hald, keepalived string) {
	var header []string
	inside := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			inside, header = strings.HasPrefix(strings.TrimLeft(line, "# "), f.section), nil
		}
		row := strings.Split(strings.TrimSpace(line), " | ")
		if row[0], row[len(row)-1] = strings.TrimPrefix(row[0], "| "), strings.TrimSuffix(row[len(row)-1], " |"); !inside || len(row) < 3 {
			continue
		}
		if header == nil {
			header = row
			continue
		}
		cell := func(column string) string {
			if at := slices.Index(header, column); at >= 0 && at < len(row) {
				return row[at]
			}
			return ""
		}
		switch {
		case row[0] != f.row:
		case f.column == "":
			hald, keepalived = cell("hald"), cell("keepalived")
		case cell("daemon") == "hald":
			hald = cell(f.column)
		case cell("daemon") == "keepalived":
			keepalived = cell(f.column)
		}
	}
	return hald, keepalived
}
