package hald_test

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// clauses are the ids that docs/conformance.md must have a row for: T what is
// sent, R what is heard, S the state machine, H hosts and links, V the versions
// beside each other, A the defaults, 2 version 2, D signed adverts.
var clauses = slices.Concat(
	numbered("T", 9), []string{"T7b"}, numbered("R", 14), numbered("S", 24), numbered("H", 13), numbered("V", 2), numbered("A", 2), numbered("2-", 13), numbered("D", 9),
)

// invariants are the ids that docs/invariants.md must have a row for.
var invariants = numbered("I", 24)

// scorecard are the ids that docs/scorecard.md must have a row for.
var scorecard = strings.Fields("R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19 R20 R22 R23 R25 R26 R27 R28 R30 R31 R32 R33 R34 R35 R36 R37 R38 R39 C1 C2 C3 C4 C5")

func numbered(prefix string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, prefix+strconv.Itoa(i+1))
	}
	return ids
}

// testName is a test as the pages write it: `TestX`, `TestX/name of a subtest`, or,
// where several packages have a test of the name, `path/of/package.TestX`.
var testName = regexp.MustCompile("`(?:([a-z0-9/]+)\\.)?((?:Test|Fuzz)[A-Za-z0-9]+)(?:/([^`]+))?`")

// TestConformanceNamesItsProofs: every clause has exactly one row, which names
// tests that exist or says why hald differs.
func TestConformanceNamesItsProofs(t *testing.T) {
	known := tests(t)
	for _, fault := range append(missing(rows(t, "docs/conformance.md"), clauses), unproven(rows(t, "docs/conformance.md"), known)...) {
		t.Error(fault)
	}
}

// TestInvariantsNameTheirChecks: every invariant has exactly one row, which names
// tests that exist; and an invariant says that the simulation asserts it exactly
// if the simulation does.
func TestInvariantsNameTheirChecks(t *testing.T) {
	page := rows(t, "docs/invariants.md")
	for _, fault := range append(missing(page, invariants), unproven(page, tests(t))...) {
		t.Error(fault)
	}
	var asserted []string // by the simulation, which judges in files of its own
	for _, s := range parse(t) {
		if s.pkg == "vrrp" && strings.HasPrefix(filepath.Base(s.path), "sim_") {
			asserted = append(asserted, words(s.file)...)
		}
	}
	for _, r := range page {
		if claimed, real := strings.Contains(r.proof, "`TestSimulation`"), slices.Contains(asserted, r.id); claimed != real {
			t.Errorf("%s: the page says that the simulation asserts it: %v; it does: %v", r.id, claimed, real)
		}
	}
}

// TestScorecardNamesItsTests: every fault has exactly one row, which names tests
// that exist or says why there is none.
func TestScorecardNamesItsTests(t *testing.T) {
	page := rows(t, "docs/scorecard.md")
	for _, fault := range append(missing(page, scorecard), unproven(page, tests(t))...) {
		t.Error(fault)
	}
}

// TestProofsAreLookedUp: what the two tests above look for is found.
func TestProofsAreLookedUp(t *testing.T) {
	known := tests(t)
	known["TestTwice"] = map[string][]string{"one": {"first"}, "two/three": {"third"}}
	for _, tt := range []struct {
		what string
		rows []row
		want []string
	}{
		{"in order", []row{{"A1", "`TestProofsAreLookedUp/in order`"}}, nil},
		{"no such test", []row{{"A1", "`TestNothing`"}}, []string{"A1: no test TestNothing"}},
		{"no such subtest", []row{{"A1", "`TestProofsAreLookedUp/any`"}}, []string{"A1: TestProofsAreLookedUp has no subtest \"any\""}},
		{"a subtest of another test", []row{{"A1", "`TestArrows/no such test`"}}, []string{"A1: TestArrows has no subtest \"no such test\""}},
		{"two of the name", []row{{"A1", "`TestTwice`"}}, []string{"A1: several packages have a test TestTwice: one.TestTwice, two/three.TestTwice"}},
		{"one of the two", []row{{"A1", "`two/three.TestTwice/third`"}}, nil},
		{"a subtest of the other", []row{{"A1", "`one.TestTwice/third`"}}, []string{"A1: one.TestTwice has no subtest \"third\""}},
		{"in no such package", []row{{"A1", "`three.TestTwice`"}}, []string{"A1: no test three.TestTwice"}},
		{"neither test nor deviation", []row{{"A1", "true"}}, []string{"A1: neither a test nor a deviation"}},
		{"deviation", []row{{"A1", "Deviation: we know better"}}, nil},
		{"twice", []row{{"A1", "Not ours: so"}, {"A1", "Not ours: so"}}, []string{"A1: 2 rows"}},
		{"missing", nil, []string{"A1: 0 rows"}},
		{"unknown", []row{{"A1", "Not ours: so"}, {"B1", "Not ours: so"}}, []string{"B1: not in the list of ids"}},
	} {
		got := append(missing(tt.rows, []string{"A1"}), unproven(tt.rows, known)...)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}

// row is one line of a page's tables: an id first, the proof last.
type row struct{ id, proof string }

func rows(t *testing.T, page string) (rows []row) {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`^(?:[A-Z]|2-)[0-9]+b?$`)
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if first := strings.TrimSpace(cells[0]); id.MatchString(first) {
			rows = append(rows, row{first, strings.TrimSpace(cells[len(cells)-1])})
		}
	}
	return rows
}

// missing compares the rows' ids with a list.
func missing(rows []row, ids []string) (faults []string) {
	count := map[string]int{}
	for _, r := range rows {
		if count[r.id]++; !slices.Contains(ids, r.id) {
			faults = append(faults, r.id+": not in the list of ids")
		}
	}
	for _, id := range ids {
		if count[id] != 1 {
			faults = append(faults, id+": "+strconv.Itoa(count[id])+" rows")
		}
	}
	return faults
}

// unproven looks the rows' tests up among those known.
func unproven(rows []row, known map[string]map[string][]string) (faults []string) {
	for _, r := range rows {
		named := testName.FindAllStringSubmatch(r.proof, -1)
		if len(named) == 0 && !strings.Contains(r.proof, "Deviation: ") && !strings.Contains(r.proof, "Not ours: ") {
			faults = append(faults, r.id+": neither a test nor a deviation")
		}
		for _, n := range named {
			if fault := lookUp(n[1], n[2], n[3], known); fault != "" {
				faults = append(faults, r.id+": "+fault)
			}
		}
	}
	return faults
}

// lookUp says what is wrong with the name of a test.
func lookUp(pkg, test, sub string, known map[string]map[string][]string) (fault string) {
	at, full := known[test], test
	if pkg != "" {
		full = pkg + "." + test
	}
	if pkg == "" && len(at) > 1 {
		var all []string
		for _, pkg := range slices.Sorted(maps.Keys(at)) {
			all = append(all, pkg+"."+test)
		}
		return "several packages have a test " + test + ": " + strings.Join(all, ", ")
	}
	for where, subs := range at {
		switch {
		case pkg != "" && where != pkg:
			continue
		case sub != "" && !slices.Contains(subs, sub):
			return full + " has no subtest " + strconv.Quote(sub)
		}
		return ""
	}
	return "no test " + full
}

// tests are the repository's test functions, by name and package, each with what its
// subtests may be called: the string literals in it, and the package's golden files.
func tests(t *testing.T) map[string]map[string][]string {
	t.Helper()
	known := map[string]map[string][]string{}
	for _, s := range parse(t) {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			subs := words(f)
			golden, _ := filepath.Glob(filepath.Join(s.pkg, "testdata", "*", "*.golden"))
			for _, file := range golden {
				subs = append(subs, strings.TrimSuffix(filepath.Base(file), ".golden"))
			}
			if known[f.Name.Name] == nil {
				known[f.Name.Name] = map[string][]string{}
			}
			known[f.Name.Name][s.pkg] = subs
		}
	}
	return known
}

// words are the string literals in a piece of source.
func words(n ast.Node) (all []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			word, _ := strconv.Unquote(l.Value)
			all = append(all, word)
		}
		return true
	})
	return all
}
