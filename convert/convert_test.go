package convert

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/config/golden"
)

// corpus are the configurations in testdata: NAME.conf for two directors, or one file a
// director, NAME.lb1.conf and so on.
func corpus(t *testing.T) map[string][]Input {
	t.Helper()
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]Input{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".conf")
		if base, director, several := strings.Cut(name, "."); several {
			all[base] = append(all[base], Input{director, f})
		} else {
			all[name] = []Input{{"lb1", f}, {"lb2", f}}
		}
	}
	if len(all) < 25 || len(files) < 30 {
		t.Fatalf("%d configurations in %d files", len(all), len(files))
	}
	return all
}

// converted is a conversion whose result is valid for every director.
func converted(t *testing.T, inputs []Input) (string, *Report) {
	t.Helper()
	written, report, err := Keepalived("test", inputs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cluster.hcl")
	if err := os.WriteFile(path, written, 0o600); err != nil {
		t.Fatal(err)
	}
	views, diags := config.LoadAll(path)
	if diags.HasErrors() || len(views) < len(inputs) {
		t.Errorf("hald refuses the result for %d directors: %v\n%s", len(inputs), diags.Err(), written)
	}
	if layout, diags := config.FormatText(path, written); diags.HasErrors() || layout.Changed() {
		t.Errorf("the result is not laid out")
	}
	return string(written), report
}

func TestConvert(t *testing.T) {
	for name, inputs := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			written, report := converted(t, inputs)
			golden.Compare(t, filepath.Join("testdata", name+".golden"), written+"\n"+report.String())
		})
	}
}

// TestSamples converts what Debian's package of keepalived brings along.
func TestSamples(t *testing.T) {
	files, _ := filepath.Glob("/usr/share/doc/keepalived/samples/keepalived.conf.*")
	if len(files) == 0 {
		t.Fatal("the samples of Debian's keepalived are not here: bash integration/deps.sh")
	}
	var summary strings.Builder
	for _, f := range files {
		written, report := converted(t, []Input{{"high", f}, {"low", f}})
		again, _ := converted(t, []Input{{"high", f}, {"low", f}})
		if written != again {
			t.Errorf("%s: another result the second time", f)
		}
		counts := map[Kind]int{}
		for _, x := range report.Findings {
			counts[x.Kind]++
		}
		fmt.Fprintf(&summary, "%-24s %d instances, %d services, %d servers, %d checks; %d lost, %d rewritten, %d notes\n",
			strings.TrimPrefix(filepath.Base(f), "keepalived.conf."), strings.Count(written, "\nvrrp_instance "), strings.Count(written, "\nvirtual_server "),
			strings.Count(written, " real_server "), strings.Count(written, " check "), counts[Lost], counts[Rewritten], counts[Note])
	}
	golden.Compare(t, "testdata/samples.golden", summary.String())
}

// TestNothingIsDroppedInSilence takes every statement of the corpus away, one after
// the other: either the result is another then, or the report.
func TestNothingIsDroppedInSilence(t *testing.T) {
	// They say what holds without them, or what something beside them says again.
	idle := map[string]bool{
		"state BACKUP": true, "weight 1": true, "priority 100": true, "advert_int 1": true, "quorum 1": true, "alpha": true, "accept": true, "status_code 200-299": true,
		"delay_before_retry 1": true, "retry 1": true, "connect_port 80": true, "path /": true, "dev eth0": true, "rise 1": true, "fall 1": true, "interval 1": true,
		"type SOA": true, "connect_timeout 5": true, "auth_type PASS": true, "vrrp_version 2": true,
	}
	tried := 0
	for name, inputs := range corpus(t) {
		var all []director
		for _, in := range inputs {
			s := &source{most: maxLines, id: in.Director, report: &Report{}, names: map[string]string{}}
			if err := s.read(in.Path, 0); err != nil {
				t.Fatal(err)
			}
			d := director{name: in.Director}
			d.top, d.rest = tree(s.lines, s.report)
			all = append(all, d)
		}
		if all[len(all)-1].top[0].at.file == all[0].top[0].at.file {
			all = all[:1] // who else has the file would say the same
		}
		var report *Report
		outcome := func() string {
			report = &Report{}
			copied := slices.Clone(all)
			for i := range copied {
				copied[i].top = clone(copied[i].top)
			}
			written := write("test", copied, report)
			report.sort()
			return string(written) + report.String()
		}
		whole := outcome()
		entire := report.Findings
		var walk func(list *[]*statement, within string)
		walk = func(list *[]*statement, within string) {
			for i, s := range *list {
				was := *list
				*list = slices.Delete(slices.Clone(was), i, i+1)
				if tried++; outcome() == whole && !idle[said(s)] && within == "" {
					t.Errorf("%s: %q is dropped in silence", name, said(s))
				}
				*list = was
				inner := within
				if slices.ContainsFunc(entire, func(f Finding) bool { return f.at == s.at && strings.HasPrefix(f.Text, said(s)+":") }) {
					inner = said(s) // what is said of the whole is said of its parts
				}
				walk(&s.block, inner)
			}
		}
		walk(&all[0].top, "")
	}
	if tried < 500 {
		t.Errorf("%d statements tried", tried)
	}
}

func clone(list []*statement) (all []*statement) {
	for _, s := range list {
		copied := *s
		copied.block = clone(s.block)
		copied.comments, copied.trailing = nil, "" // which are no statements
		all = append(all, &copied)
	}
	return all
}

func TestUnreadableFile(t *testing.T) {
	if _, _, err := Keepalived("test", []Input{{"lb1", filepath.Join(t.TempDir(), "none.conf")}}); err == nil || !strings.Contains(err.Error(), "none.conf") {
		t.Errorf("%v", err)
	}
}
