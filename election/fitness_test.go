package election

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/netif"
)

func tracker(kind, name string, weight int) Tracker {
	return Tracker{Kind: kind, Name: name, Weight: weight}
}

func verdict(kind, name, state string) Verdict {
	return Verdict{Instance: "shop", Kind: kind, Name: name, State: state}
}

func number(name string, value int) Verdict {
	return Verdict{Instance: "shop", Kind: "file", Name: name, State: trackUp, Value: value}
}

func TestFitness(t *testing.T) {
	for name, tt := range map[string]struct {
		base     uint8
		trackers []Tracker
		verdicts []Verdict
		priority uint8
		faults   []string
	}{
		"none":                     {base: 100, priority: 100},
		"negative, unknown":        {base: 100, trackers: []Tracker{tracker("script", "a", -30)}, priority: 70},
		"negative, down":           {base: 100, trackers: []Tracker{tracker("script", "a", -30)}, verdicts: []Verdict{verdict("script", "a", "down")}, priority: 70},
		"negative, up":             {base: 100, trackers: []Tracker{tracker("script", "a", -30)}, verdicts: []Verdict{verdict("script", "a", "up")}, priority: 100},
		"positive, unknown":        {base: 100, trackers: []Tracker{tracker("script", "a", 30)}, priority: 100},
		"positive, down":           {base: 100, trackers: []Tracker{tracker("script", "a", 30)}, verdicts: []Verdict{verdict("script", "a", "down")}, priority: 100},
		"positive, up":             {base: 100, trackers: []Tracker{tracker("script", "a", 30)}, verdicts: []Verdict{verdict("script", "a", "up")}, priority: 130},
		"no weight, unknown":       {base: 100, trackers: []Tracker{tracker("script", "a", 0)}, priority: 100, faults: []string{"track_pending:script:a"}},
		"no weight, down":          {base: 100, trackers: []Tracker{tracker("script", "a", 0)}, verdicts: []Verdict{verdict("script", "a", "down")}, priority: 100, faults: []string{"track_script:a"}},
		"no weight, up":            {base: 100, trackers: []Tracker{tracker("script", "a", 0)}, verdicts: []Verdict{verdict("script", "a", "up")}, priority: 100},
		"clamped below":            {base: 100, trackers: []Tracker{tracker("script", "a", -253)}, priority: 1},
		"clamped above":            {base: 200, trackers: []Tracker{tracker("script", "a", 253)}, verdicts: []Verdict{verdict("script", "a", "up")}, priority: 254},
		"only the sum is clamped":  {base: 200, trackers: []Tracker{tracker("script", "a", 100), tracker("script", "b", -50)}, verdicts: []Verdict{verdict("script", "a", "up")}, priority: 250},
		"file, unknown":            {base: 100, trackers: []Tracker{tracker("file", "a", 0)}, priority: 100, faults: []string{"track_pending:file:a"}},
		"file, with a number":      {base: 100, trackers: []Tracker{tracker("file", "a", 0)}, verdicts: []Verdict{number("a", -20)}, priority: 80},
		"file, that lost it":       {base: 100, trackers: []Tracker{tracker("file", "a", 0)}, verdicts: []Verdict{{Instance: "shop", Kind: "file", Name: "a", State: "down", Value: -20}}, priority: 80},
		"another instance's":       {base: 100, trackers: []Tracker{tracker("script", "a", 0)}, verdicts: []Verdict{{Instance: "mail", Kind: "script", Name: "a", State: "up"}}, priority: 100, faults: []string{"track_pending:script:a"}},
		"another kind's":           {base: 100, trackers: []Tracker{tracker("script", "a", -5)}, verdicts: []Verdict{verdict("process", "a", "up")}, priority: 95},
		"an owner is above weight": {base: 255, trackers: []Tracker{tracker("script", "a", -5), tracker("script", "b", 0)}, priority: 255, faults: []string{"track_pending:script:b"}},
		"all faults, in order": {base: 100, trackers: []Tracker{tracker("http", "b", 0), tracker("tcp", "a", 0), tracker("script", "c", 0)},
			verdicts: []Verdict{verdict("script", "c", "up"), verdict("tcp", "a", "down"), verdict("http", "b", "down")},
			priority: 100, faults: []string{"track_http:b", "track_tcp:a"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFitness(tt.base, tt.trackers)
			f.hear("shop", tt.verdicts)
			if p := f.priority(); p != tt.priority {
				t.Errorf("priority %d, want %d", p, tt.priority)
			}
			expect(t, "faults", f.faults(), tt.faults...)
		})
	}
}

// News are told once, and what is not known does not undo what is.
func TestFitnessNews(t *testing.T) {
	f := newFitness(100, []Tracker{tracker("script", "a", -30), tracker("file", "f", 0)})
	for _, step := range []struct {
		verdicts []Verdict
		news     string
		moved    string
	}{
		{[]Verdict{verdict("script", "a", "unknown")}, "", ""},
		{[]Verdict{verdict("script", "a", "up"), number("f", 0)}, "track.up unknown>up script:a, track.up unknown>up file:f, ", "script:a"},
		{[]Verdict{verdict("script", "a", "up"), number("f", 7)}, "", "file:f"},
		{[]Verdict{{Instance: "shop", Kind: "script", Name: "a", State: "down", Error: "exit status 1"}, number("f", 8)}, "track.down up>down script:a exit status 1, ", "script:a file:f"},
		{[]Verdict{verdict("script", "a", "unknown")}, "", ""},
		{nil, "", ""},
	} {
		before := f.worths()
		told := ""
		for _, e := range f.hear("shop", step.verdicts) {
			told += fmt.Sprintf("%s %s>%s %s", e.Name, e.From, e.To, e.Reason)
			if e.Error != "" {
				told += " " + e.Error
			}
			told += ", "
		}
		if moved := strings.Join(f.moved(before), " "); told != step.news || moved != step.moved {
			t.Errorf("told %q of %q, want %q of %q", told, moved, step.news, step.moved)
		}
	}
	if s := f.status(); s[0].State != "down" || s[1].Value != 8 {
		t.Errorf("status %+v", s)
	}
}

// TestInterfaceTracker: down at once, up again after a while.
func TestInterfaceTracker(t *testing.T) {
	f := newFitness(100, []Tracker{tracker("interface", "eth1", -40)})
	up, down := netif.Links{"eth1": {Name: "eth1", Up: true}}, netif.Links{"eth1": {Name: "eth1"}}
	begin := time.Unix(1000, 0)
	for _, step := range []struct {
		at    time.Duration
		links netif.Links
		state string
		err   string
	}{
		{0, up, "up", ""}, // the first look decides
		{1 * time.Second, down, "down", "link_down"},
		{2 * time.Second, up, "down", "link_down"},
		{4 * time.Second, up, "down", "link_down"},
		{4500 * time.Millisecond, down, "down", "link_down"},
		{5 * time.Second, up, "down", "link_down"},
		{8*time.Second - 1, up, "down", "link_down"},
		{8 * time.Second, up, "up", ""},
		{9 * time.Second, netif.Links{}, "down", "interface_missing"},
		{10 * time.Second, down, "down", "link_down"},
		{11 * time.Second, up, "down", "link_down"},
		{14 * time.Second, up, "up", ""},
	} {
		f.see(begin.Add(step.at), step.links)
		s := f.status()[0]
		if s.State != step.state || s.Error != step.err {
			t.Errorf("after %v: %s %q, want %s %q", step.at, s.State, s.Error, step.state, step.err)
		}
		if want := map[string]uint8{"up": 100, "down": 60}[step.state]; f.priority() != want {
			t.Errorf("after %v: priority %d", step.at, f.priority())
		}
	}
	if s := f.status()[0]; !s.Since.Equal(begin.Add(14 * time.Second)) {
		t.Errorf("since %v", s.Since)
	}
}

// TestFitnessProperties: whatever is configured and said, the priority is one that
// can be advertised; more that is well never makes it lower or adds a fault; and
// what is said last decides, whatever was said before.
func TestFitnessProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	states := []string{trackUnknown, trackUp, trackDown}
	for range 20000 {
		var trackers []Tracker
		var verdicts []Verdict
		for i := range random.IntN(6) {
			kind := []string{"script", "process", "virtual_server", "file"}[random.IntN(4)]
			weight := random.IntN(507) - 253
			if random.IntN(3) == 0 || kind == "file" {
				weight = 0
			}
			trackers = append(trackers, tracker(kind, fmt.Sprint(i), weight))
			verdicts = append(verdicts, Verdict{Instance: "shop", Kind: kind, Name: fmt.Sprint(i), State: states[random.IntN(3)]})
			if kind == "file" {
				verdicts[i].Value = random.IntN(507) - 253
			}
		}
		base := uint8(1 + random.IntN(254))
		f := newFitness(base, trackers)
		f.hear("shop", verdicts)
		p, faults := f.priority(), f.faults()
		if p < 1 || p > 254 {
			t.Fatalf("priority %d of %+v", p, f)
		}
		if len(trackers) == 0 {
			continue
		}
		better := slices.Clone(verdicts)
		better[random.IntN(len(better))].State = trackUp
		g := newFitness(base, trackers)
		g.hear("shop", verdicts)
		g.hear("shop", better)
		direct := newFitness(base, trackers)
		direct.hear("shop", better)
		for i := range better { // the number of a file is no better or worse
			if trackers[i].Kind == trackFile && verdicts[i].State == trackUnknown {
				g.trackers[i].verdict.Value, direct.trackers[i].verdict.Value = 0, 0
			}
		}
		if g.priority() < p || len(g.faults()) > len(faults) {
			t.Fatalf("better is worse: %d %v after %d %v, %+v", g.priority(), g.faults(), p, faults, better)
		}
		if g.priority() != direct.priority() || !slices.Equal(g.faults(), direct.faults()) {
			t.Fatalf("history counts: %+v and %+v", g, direct)
		}
	}
}
