package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/vrrp"
)

const pair = `
cluster "shop" {
  director "lb1" { address = "192.0.2.11" }
  director "lb2" { address = "192.0.2.12" }
}
vrrp_instance "web" {
  interface         = "eth0"
  virtual_router_id = 51
  priority          = { lb1 = 150, lb2 = 100 }
  virtual_addresses = ["192.0.2.100/24"]
  %s
}
`

// down is when lb2 takes over from a master that fell silent.
var down = vrrp.DownInterval(3, 100, time.Second)

func load(t *testing.T, text string) []*config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hald.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	views, diags := config.LoadAll(path)
	if diags.HasErrors() {
		t.Fatal(diags.Messages())
	}
	return views
}

func play(t *testing.T, views []*config.Config, text string) Result {
	t.Helper()
	s, err := Parse("test", text, []string{"lb1", "lb2"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(views, s, 7)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// story is who did what, without the times.
func story(r Result) (list []string) {
	for _, e := range r.History {
		if e.Step != "" {
			list = append(list, "- "+e.Step+e.Note)
		} else {
			list = append(list, fmt.Sprintf("%s %s>%s:%s%s", e.Director, e.From, e.To, e.Reason, e.Peer))
		}
	}
	return list
}

var began = []string{"lb1 init>backup:startup", "lb2 init>backup:startup", "lb1 backup>master:master_silent"}

// TestWhatHappens: each thing that can, with the elections that follow from it.
func TestWhatHappens(t *testing.T) {
	views := load(t, fmt.Sprintf(pair, ""))
	for _, tt := range []struct {
		name, text string
		want       []string
		none, two  [2]time.Duration // at least, at most
		owner      string
	}{
		{"nothing", "end 1h", nil, [2]time.Duration{}, [2]time.Duration{}, "lb1"},
		{"crash", "at 10s crash lb1\nend 30s", []string{"- crash lb1", "lb2 backup>master:master_silentlb1"},
			[2]time.Duration{down - time.Second, down + slowest}, [2]time.Duration{}, "lb2"},
		{"kill: the kernel goes on until its lease of 5s ends", "at 10s kill lb1\nend 30s", []string{"- kill lb1", "lb2 backup>master:master_silentlb1"},
			[2]time.Duration{}, [2]time.Duration{5*time.Second - down - slowest, 6*time.Second - down}, "lb2"},
		{"kill and start: what is left is handed over", "at 10s kill lb1\nat 11s start lb1\nend 30s",
			[]string{"- kill lb1", "- start lb1", "lb1 init>leaving:leftovers", "lb2 backup>master:master_resignedlb1", "lb1 leaving>init:shutdown", "lb1 init>backup:startup",
				"lb1 backup>master:preemptlb2", "lb2 master>backup:higher_prioritylb1"}, [2]time.Duration{}, [2]time.Duration{1, 3 * slowest}, "lb1"},
		{"stop", "at 10s stop lb1\nend 30s", []string{"- stop lb1", "lb1 master>leaving:shutdown", "lb2 backup>master:master_resignedlb1", "lb1 leaving>init:shutdown"},
			[2]time.Duration{}, [2]time.Duration{1, slowest}, "lb2"},
		{"pause", "at 10s pause lb1 7s\nend 19s", []string{"- pause lb1 7s", "lb2 backup>master:master_silentlb1", "lb1 master>backup:stalled", "lb1 backup>master:preemptlb2", "lb2 master>backup:higher_prioritylb1"},
			[2]time.Duration{}, [2]time.Duration{5*time.Second - down - slowest, 6*time.Second - down}, "lb1"},
		{"a short pause", "at 10s pause lb1 2s\nend 30s", []string{"- pause lb1 2s"}, [2]time.Duration{}, [2]time.Duration{}, "lb1"},
		{"a paused backup hears what it missed first", "at 10s pause lb2 10s\nend 30s", []string{"- pause lb2 10s"}, [2]time.Duration{}, [2]time.Duration{}, "lb1"},
		{"cut", "at 10s cut lb1 lb2\nat 20s heal\nend 30s", []string{"- cut lb1 lb2", "lb2 backup>master:master_silentlb1", "- heal", "lb2 master>backup:higher_prioritylb1"},
			[2]time.Duration{}, [2]time.Duration{10*time.Second - down, 12*time.Second - down}, "lb1"},
		{"one way: the deaf backup is told by its master", "at 10s cut lb1->lb2\nat 20s heal\nend 30s", []string{"- cut lb1->lb2", "lb2 backup>master:master_silentlb1", "- heal", "lb2 master>backup:higher_prioritylb1"},
			[2]time.Duration{}, [2]time.Duration{10*time.Second - down, 12*time.Second - down}, "lb1"},
		{"the other way nobody cares", "at 10s cut lb2->lb1\nend 30s", []string{"- cut lb2->lb1"}, [2]time.Duration{}, [2]time.Duration{}, "lb1"},
		{"all is lost", "at 10s loss lb1 lb2 100%\nat 20s loss lb1 lb2 0%\nend 30s", []string{"- loss lb1 lb2 100%", "lb2 backup>master:master_silentlb1", "- loss lb1 lb2 0%", "lb2 master>backup:higher_prioritylb1"},
			[2]time.Duration{}, [2]time.Duration{10*time.Second - down, 12*time.Second - down}, "lb1"},
		{"fault", "at 10s fault lb1\nat 20s repair lb1\nend 30s", []string{"- fault lb1", "lb1 master>fault:link_down", "lb2 backup>master:master_silentlb1", "- repair lb1", "lb1 fault>backup:fault_cleared",
			"lb1 backup>master:preemptlb2", "lb2 master>backup:higher_prioritylb1"}, [2]time.Duration{down - time.Second, down + slowest}, [2]time.Duration{1, 2 * slowest}, "lb1"},
		{"handover", "at 10s handover lb1\nat 1h takeback lb1\nend 61m", []string{"- handover lb1", "lb1 master>leaving:handover", "lb2 backup>master:master_resignedlb1", "lb1 leaving>backup:handoverlb2", "- takeback lb1",
			"lb1 backup>master:preemptlb2", "lb2 master>backup:higher_prioritylb1"}, [2]time.Duration{}, [2]time.Duration{1, 3 * slowest}, "lb1"},
		{"handover for a while", "at 10s handover lb1 for 1m\nend 2m", []string{"- handover lb1 for 1m", "lb1 master>leaving:handover", "lb2 backup>master:master_resignedlb1", "lb1 leaving>backup:handoverlb2",
			"lb1 backup>master:preemptlb2", "lb2 master>backup:higher_prioritylb1"}, [2]time.Duration{}, [2]time.Duration{1, 3 * slowest}, "lb1"},
		{"nothing to do", "at 10s start lb1\nat 10s repair lb2\nat 11s crash lb2\nat 12s pause lb2 1s\nend 13s",
			[]string{"- start lb1it runs", "- repair lb2nothing is broken", "- crash lb2", "- pause lb2 1sit does not run"}, [2]time.Duration{}, [2]time.Duration{}, "lb1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := play(t, views, tt.text)
			if diff := cmp.Diff(append(slices.Clone(began), tt.want...), story(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			s := r.Summary[0]
			if none := time.Duration(s.None); none < tt.none[0] || none > tt.none[1] {
				t.Errorf("without owner for %v, want %v", none, tt.none)
			}
			if two := time.Duration(s.Two); two < tt.two[0] || two > tt.two[1] {
				t.Errorf("two owners for %v, want %v", two, tt.two)
			}
			if !slices.Equal(s.Owners, []string{tt.owner}) || time.Duration(s.Bound) != down {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestConfigurationCounts(t *testing.T) {
	for _, tt := range []struct {
		name, extra, text string
		want              []string // after the beginning
	}{
		{"preempt", "preempt = false", "at 10s stop lb1\nat 12s start lb1\nend 1m", []string{"- stop lb1", "lb1 master>leaving:shutdown", "lb2 backup>master:master_resignedlb1", "lb1 leaving>init:shutdown", "- start lb1", "lb1 init>backup:startup"}},
		{"start_delay", `start_delay = "20s"`, "at 1m stop lb1\nat 62s start lb1\nend 80s", []string{"- stop lb1", "lb1 master>leaving:shutdown", "lb2 backup>master:master_resignedlb1", "lb1 leaving>init:shutdown", "- start lb1"}},
		{"orders within start_delay", `start_delay = "20s"`, "at 1m crash lb1\nat 70s start lb1\nat 75s handover lb1\nat 89s heal\nend 90s", []string{"- crash lb1", "lb2 backup>master:master_silentlb1", "- start lb1", "- handover lb1", "- heal", "lb1 init>backup:startup"}},
		{"a fault within start_delay", `start_delay = "20s"`, "at 1m crash lb1\nat 70s start lb1\nat 75s fault lb1\nat 80s repair lb1\nend 91s", []string{"- crash lb1", "lb2 backup>master:master_silentlb1", "- start lb1", "- fault lb1", "lb1 init>fault:link_down", "- repair lb1", "lb1 fault>backup:fault_cleared"}},
		{"preempt_delay", `preempt_delay = "30s"`, "at 10s stop lb1\nat 12s start lb1\nend 42s", []string{"- stop lb1", "lb1 master>leaving:shutdown", "lb2 backup>master:master_resignedlb1", "lb1 leaving>init:shutdown", "- start lb1", "lb1 init>backup:startup"}},
		{"on_split", `on_split = "yield"`, "at 10s cut lb1->lb2\nat 1m heal\nend 12m", []string{"- cut lb1->lb2", "lb2 backup>master:master_silentlb1", "lb1 master>leaving:split", "lb1 leaving>backup:splitlb2", "- heal",
			"lb1 backup>master:preemptlb2", "lb2 master>backup:higher_prioritylb1"}},
		{"on_split, twice, but not for long", `on_split = "yield"`, "at 10s cut lb1->lb2\nat 17s heal\nat 20s cut lb1->lb2\nat 27s heal\nend 40s", []string{"- cut lb1->lb2", "lb2 backup>master:master_silentlb1", "- heal",
			"lb2 master>backup:higher_prioritylb1", "- cut lb1->lb2", "lb2 backup>master:master_silentlb1", "- heal", "lb2 master>backup:higher_prioritylb1"}},
		{"on_split, and it lasts", `on_split = "yield"`, "at 10s cut lb1->lb2\nend 30m", []string{"- cut lb1->lb2", "lb2 backup>master:master_silentlb1", "lb1 master>leaving:split", "lb1 leaving>backup:splitlb2",
			"lb1 backup>master:preemptlb2", "lb1 master>leaving:split", "lb1 leaving>backup:splitlb2"}},
	} {
		r := play(t, load(t, fmt.Sprintf(pair, tt.extra)), tt.text)
		if diff := cmp.Diff(append(slices.Clone(began), tt.want...), story(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestSyncGroup: its members are one election.
func TestSyncGroup(t *testing.T) {
	views := load(t, fmt.Sprintf(pair, "")+`
vrrp_instance "inner" {
  interface         = "eth1"
  virtual_router_id = 52
  priority          = { lb1 = 150, lb2 = 100 }
  virtual_addresses = ["198.51.100.1/24"]
}
vrrp_sync_group "edge" { members = ["web", "inner"] }
`)
	r := play(t, views, "at 10s crash lb1\nend 30s")
	if diff := cmp.Diff(append(slices.Clone(began), "- crash lb1", "lb2 backup>master:master_silentlb1"), story(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := r.Summary; len(s) != 1 || s[0].Election != "edge" || !slices.Equal(s[0].Instances, []string{"web", "inner"}) {
		t.Errorf("%+v", s)
	}
}

// TestBuiltins: the addresses are never without owner for longer than the bound, and
// in the end with the favourite.
func TestBuiltins(t *testing.T) {
	views := load(t, fmt.Sprintf(pair, `start_delay = "3s"`))
	for _, name := range Builtins {
		text, err := Builtin(name, views)
		if err != nil {
			t.Fatal(err)
		}
		r := play(t, views, text)
		s := r.Summary[0]
		if s.LongestNone > s.Bound+Seconds(slowest) || !slices.Equal(s.Owners, []string{"lb1"}) || s.Transitions < 4 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if _, err := Builtin("nosuch", views); err == nil {
		t.Error("an unknown one was played")
	}
	if _, err := Builtin("kill", load(t, "cluster \"c\" {\n  director \"lb1\" {}\n}")); err == nil {
		t.Error("an election without instances was played")
	}
}

// TestSeed: chance is the seed's, and nothing else's.
func TestSeed(t *testing.T) {
	views := load(t, fmt.Sprintf(pair, ""))
	s, err := Parse("loss", "at 5s loss lb1 lb2 60%\nend 10m", []string{"lb1", "lb2"})
	if err != nil {
		t.Fatal(err)
	}
	var results []Result
	for _, seed := range []uint64{1, 1, 2} {
		r, err := Run(views, s, seed)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if cmp.Diff(results[0], results[1]) != "" || cmp.Diff(results[0], results[2]) == "" || len(results[0].History) < 10 {
		t.Errorf("%d, %d, %d entries", len(results[0].History), len(results[1].History), len(results[2].History))
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"at 5s":                      "f:1:6: here should be what happens",
		"  at  5s  kil lb1":          `f:1:11: "kil" is nothing that can happen; what can: crash, cut,`,
		"# remark\n\nat 5 kill lb1":  `f:3:4: "5" is no time`,
		"at -5s kill lb1":            `f:1:4: "-5s" is no time`,
		"at 25h kill lb1":            `f:1:4: "25h" is no time`,
		"at 5s kill":                 "f:1:11: here should be a director",
		"at 5s kill lb9":             `f:1:12: there is no director "lb9"; there are lb1, lb2`,
		"at 5s kill lb1 lb2":         `f:1:16: "lb2" is too much`,
		"at 5s pause lb1":            "f:1:16: here should be for how long",
		"at 5s handover lb1 3s":      `f:1:20: "3s" should be "for"`,
		"at 5s cut lb1":              "f:1:14: here should be the director at the other end",
		"at 5s cut lb1->lb9":         `f:1:16: there is no director "lb9"`,
		"at 5s cut lb1 lb1":          "f:1:15: a link has two ends",
		"at 5s loss lb1->lb2 30":     `f:1:21: "30" is no share`,
		"at 5s loss lb1->lb2 NaN%":   `f:1:21: "NaN%" is no share`,
		"kill lb1":                   `f:1:1: "kill": a line begins with`,
		"at 9s heal\nend 5s":         `"heal" comes after the end at 5s`,
		"at 5s kill lb9\nat x heal":  `f:2:4: "x" is no time`,
		"at 5s pause lb1 7s # ok\nx": `f:2:1: "x"`,
	} {
		_, err := Parse("f", text, []string{"lb1", "lb2"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestOrderOfSteps: by their times, and as written where these are equal.
func TestOrderOfSteps(t *testing.T) {
	s, err := Parse("f", "at 9s heal\nat 5s kill lb1\nat 9s start  lb1 # again\n", []string{"lb1"})
	var got []string
	for _, step := range s.Steps {
		got = append(got, step.Text)
	}
	if want := []string{"kill lb1", "heal", "start lb1"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// FuzzParse: no text makes it stumble, and what it takes can be played.
func FuzzParse(f *testing.F) {
	f.Add("at 5s kill lb1\nat 6s loss lb1->lb2 30%\nend 20s")
	f.Add("at 5s handover lb1 for 5s\nat 5s pause lb2 1ms\nat 7s heal")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("f", text, []string{"lb1", "lb2"})
		if err != nil || s.End > time.Minute || slices.ContainsFunc(s.Steps, func(s Step) bool { return s.At+s.length > time.Minute }) {
			return
		}
		if _, err := Run(load(t, fmt.Sprintf(pair, "")), s, 1); err != nil {
			t.Error(err)
		}
	})
}
