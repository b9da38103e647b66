package hald_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/hald-project/hald/event"
)

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// groups are the first groups of all matches.
func groups(pattern, text string) (list []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// TestContribNamesWhatThereIs: a rule on an event that hald does not have would never
// wake anybody.
func TestContribNamesWhatThereIs(t *testing.T) {
	seen, known := 0, event.Names()
	for path, content := range contrib(t) {
		for _, list := range groups(`\bevent=~?\\?"([^"\\]+)`, content) {
			for name := range strings.SplitSeq(list, "|") {
				if seen++; !slices.Contains(known, name) {
					t.Errorf("%s: there is no event %s", path, name)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d names found", seen)
	}
}

// contrib are the files of that folder, but those about them.
func contrib(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir("contrib", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Base(path) != "README.md" {
			files[path] = text(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// everything is a log with one event of every name.
func everything(t *testing.T, format string) []byte {
	t.Helper()
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	sink, done := event.NewSink(&log, format, false, zap.NewAtomicLevelAt(zapcore.DebugLevel)), make(chan struct{})
	go func() { defer close(done); sink.Run(ctx) }()
	for _, name := range event.Names() {
		sink.Emit(event.Event{Time: time.Unix(1795867200, 0), Name: name, Cluster: "shop", Director: "lb1", From: "backup", To: "master", Reason: "start",
			Error: `GET / said {"event":"quorum.lost"}`})
	}
	cancel()
	<-done
	return log.Bytes()
}

// TestRecipe: the script finds what it names, in a log of either format, and nothing else.
func TestRecipe(t *testing.T) {
	script := text(t, "contrib/journald/hald-alerts")
	var want []string
	for _, name := range event.Names() {
		kind, what, _ := strings.Cut(name, ".")
		if slices.ContainsFunc(groups(`[|'(]`+kind+`\\\.(\([a-z_|]+\)|[a-z_]+)`, script), func(list string) bool {
			return slices.Contains(strings.Split(strings.Trim(list, "()"), "|"), what)
		}) {
			want = append(want, name)
		}
	}
	if len(want) < 15 {
		t.Fatalf("the script names %q", want)
	}
	for _, format := range []string{"json", "console"} {
		recipe := exec.Command("sh", "contrib/journald/hald-alerts")
		recipe.Stdin = bytes.NewReader(everything(t, format))
		out, err := recipe.Output()
		if err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if got := groups(`"event": ?"([a-z_.]+)"`, string(out)); !slices.Equal(got, want) {
			t.Errorf("%s: found %q, want %q", format, got, want)
		}
	}
}

// TestLokiRules: every rule selects lines of a log by fields that lines have.
func TestLokiRules(t *testing.T) {
	var fields []string
	for f := range reflect.TypeFor[event.Event]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[event.Event]().Field(f).Tag.Get("json"), ",")
		fields = append(fields, name)
	}
	shape := regexp.MustCompile(`^sum by \(([a-z, ]+)\) \(count_over_time\(\{unit="hald\.service"\} \| json \| (.+) \[5m\]\)\) > 0$`)
	var log []map[string]any
	for line := range bytes.Lines(everything(t, "json")) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		log = append(log, fields)
	}
	rules := strings.Split(text(t, "contrib/loki/hald.rules.yml"), "- alert: ")[1:]
	for _, rule := range rules {
		name, _, _ := strings.Cut(rule, "\n")
		expr := groups(`expr: (.*)`, rule)
		m := shape.FindStringSubmatch(expr[0])
		if m == nil {
			t.Errorf("%s: %s", name, expr)
			continue
		}
		kept := strings.Split(m[1], ", ")
		for _, used := range groups(`\$labels\.(\w+)`, rule) {
			if !slices.Contains(kept, used) {
				t.Errorf("%s: uses %s, which the sum does not keep", name, used)
			}
		}
		for _, field := range append(kept, groups(`(\w+)=~?"`, m[2])...) {
			if !slices.Contains(fields, field) {
				t.Errorf("%s: no event has a field %s", name, field)
			}
		}
		events := strings.Split(groups(`event=~?"([^"]+)"`, m[2])[0], "|")
		if !slices.ContainsFunc(log, func(l map[string]any) bool { return slices.Contains(events, l["event"].(string)) }) {
			t.Errorf("%s selects nothing", name)
		}
	}
	if len(rules) < 6 {
		t.Errorf("only %d rules found", len(rules))
	}
}
