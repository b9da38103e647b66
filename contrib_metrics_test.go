package hald_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func promtool(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("promtool", args...).CombinedOutput()
	if err != nil {
		t.Errorf("promtool (Debian's prometheus: integration/deps.sh) %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestContribNamesMetricsThatThereAre: a rule on one that hald does not have would
// never wake anybody.
func TestContribNamesMetricsThatThereAre(t *testing.T) {
	files, err := filepath.Glob("director/metrics*.go")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, path := range files {
		known = append(known, groups(`family\("([a-z0-9_]+)"`, text(t, path))...)
	}
	seen := 0
	for path, content := range contrib(t) {
		for _, name := range groups(`\bhald_([a-z0-9_]+)`, content) {
			plain := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			if seen++; !slices.Contains(known, plain) {
				t.Errorf("%s: there is no metric hald_%s", path, name)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d names found", seen)
	}
}

// TestPrometheusRules: every alert fires on what it is for, and on nothing else that
// its test has.
func TestPrometheusRules(t *testing.T) {
	promtool(t, "check", "rules", "contrib/prometheus/hald.rules.yml")
	tested := ""
	for _, path := range []string{"contrib/prometheus/hald.rules.test.yml", "contrib/prometheus/hald.slow.test.yml"} {
		promtool(t, "test", "rules", path)
		tested += text(t, path)
	}
	alerts := groups(`- alert: (\w+)`, text(t, "contrib/prometheus/hald.rules.yml"))
	for _, name := range alerts {
		if !strings.Contains(tested, "alertname: "+name+"\n        exp_alerts: [{") && !strings.Contains(tested, `alertname="`+name+`"`) {
			t.Errorf("%s has no test in which it fires", name)
		}
	}
	if len(alerts) < 15 {
		t.Errorf("only %d alerts found", len(alerts))
	}
}

// TestDashboard: Grafana can read it, no panel hides another, and Prometheus
// understands what it asks.
func TestDashboard(t *testing.T) {
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Expr string } }
	}
	if err := json.Unmarshal([]byte(text(t, "contrib/grafana/hald.json")), &board); err != nil {
		t.Fatal(err)
	}
	taken := map[[2]int]int{}
	var asked []string
	for _, a := range board.Annotations.List {
		asked = append(asked, a.Expr)
	}
	for _, p := range board.Panels {
		if p.Title == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d: %+v", p.ID, p)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other, is := taken[at]; is {
					t.Fatalf("panel %d hides panel %d", p.ID, other)
				}
				taken[at] = p.ID
			}
		}
		for _, target := range p.Targets {
			asked = append(asked, target.Expr)
		}
	}
	rules := "groups: [{name: asked, rules: [\n"
	for i, expr := range asked {
		rules += fmt.Sprintf("{record: asked_%d, expr: %q},\n", i, strings.ReplaceAll(expr, "$__rate_interval", "5m"))
	}
	path := filepath.Join(t.TempDir(), "asked.yml")
	if err := os.WriteFile(path, []byte(rules+"]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", path)
	if len(asked) < 12 {
		t.Errorf("only %d expressions found", len(asked))
	}
}
