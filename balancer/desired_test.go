package balancer

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
)

// The servers of all stories are called a, b, c and s (the sorry server) and
// have the addresses 192.0.2.1, .2, .3 and .9.
func address(name string) netip.Addr {
	last := map[string]byte{"a": 1, "b": 2, "c": 3, "s": 9}[name]
	return netip.AddrFrom4([4]byte{192, 0, 2, last})
}

func nameOf(a netip.Addr) string {
	for _, name := range []string{"a", "b", "c", "s"} {
		if address(name) == a {
			return name
		}
	}
	return a.String()
}

func checkOf(name string) Check {
	return Check{Kind: "tcp", Target: netip.AddrPortFrom(address(name), 80), Interval: 2 * time.Second, Timeout: time.Second, Rise: 2, Fall: 3}
}

// server has weight 1, a check and the service's port.
func server(name string) Server {
	return Server{Name: name, Address: netip.AddrPortFrom(address(name), 0), Forwarding: "dr", Weight: 1, Checks: []Check{checkOf(name)}}
}

var vip = netip.MustParseAddrPort("203.0.113.1:80")

// web is the service of the stories: a and b, both checked.
func web() Service {
	return Service{
		Name: "web", Addresses: []netip.AddrPort{vip}, Protocol: "tcp", Scheduler: "wlc", Quorum: 1,
		MaxFailed: 1, OnFail: "remove", Drain: 30 * time.Second, Initial: "kernel", Servers: []Server{server("a"), server("b")},
	}
}

// sorry is a sorry server that is always healthy.
func sorry() *Server {
	s := server("s")
	s.Checks = nil
	return &s
}

// teller runs the core through a story.
type teller struct {
	t        *testing.T
	service  Service
	gone     bool // the service is no longer configured
	state    state
	verdicts map[checkID]healthcheck.Verdict
	weights  map[checkID]weight
	now      time.Time

	overrides []Override
}

// move is one step of a story and what must follow from it.
type move struct {
	after    time.Duration
	verdicts string // "a+ b- c?"
	change   func(*teller)
	idle     string // servers the kernel has at weight 0 without connections
	table    string // "a=1 b=0", in order of address
	events   string // "up a; quorum.gained"; (reasons) only for draining and removed
}

func (tt *teller) play(m move) {
	tt.now = tt.now.Add(m.after)
	if m.change != nil {
		m.change(tt)
	}
	for _, word := range strings.Fields(m.verdicts) {
		verdict := map[byte]healthcheck.Verdict{'+': healthcheck.Up, '-': healthcheck.Down, '?': healthcheck.Unknown}[word[1]]
		tt.verdicts[identify(checkOf(word[:1]))] = verdict
	}
	idle := make(map[ipvsctl.DestinationKey]bool)
	for _, name := range strings.Fields(m.idle) {
		idle[ipvsctl.DestinationKey{Service: ipvsctl.Key{Protocol: ipvsctl.TCP, Address: vip}, Address: netip.AddrPortFrom(address(name), 80)}] = true
	}
	told := tt.step(idle)
	if diff := cmp.Diff([2]string{m.table, m.events}, [2]string{draw(tt.state.table), tell(told)}); diff != "" {
		tt.t.Errorf("after %v, verdicts %q: (-want +got)\n%s", m.after, m.verdicts, diff)
	}
	settled := draw(tt.state.table)
	if extra := tt.step(nil); draw(tt.state.table) != settled || len(extra) > 0 {
		tt.t.Errorf("the same step again gives %s and %s, was %s", draw(tt.state.table), tell(extra), settled)
	}
}

// step takes the service one step further and answers with what is told of it.
func (tt *teller) step(idle map[ipvsctl.DestinationKey]bool) (story []event.Event) {
	before, hear := tt.state, func(e event.Event) { story = append(story, e) }
	if tt.gone {
		tt.state = state{}
		narrateGone(tt.compile(), before, hear)
		return story
	}
	tt.state = step(tt.compile(), before, facts{now: tt.now, said: says(tt.verdicts, tt.weights), idle: idle, overrides: index(tt.overrides)})
	narrate(tt.compile(), before, tt.state, func(checkID) CheckStatus { return CheckStatus{Kind: "tcp", Error: "refused"} }, hear)
	return story
}

// says is checks that have these verdicts, and those of them that give weights these.
func says(verdicts map[checkID]healthcheck.Verdict, weights map[checkID]weight) func(checkID) opinion {
	return func(id checkID) opinion {
		weight, weighs := weights[id]
		return opinion{verdict: verdicts[id], weighs: weighs, weight: weight}
	}
}

func (tt *teller) compile() *service {
	s, err := compile(tt.service, newChecks())
	if err != nil {
		tt.t.Fatal(err)
	}
	return &s
}

// draw is the table in one line; the service address is named where it is not
// the vip.
func draw(t table) string {
	var words []string
	for key, entries := range t {
		prefix := ""
		if key.Address != vip {
			prefix = key.Address.String() + "/"
		}
		for e := range entries.all() {
			word := fmt.Sprintf("%s%s=%d", prefix, nameOf(e.Address.Addr()), e.Weight)
			if e.Address.Port() != key.Address.Port() {
				word += ":" + fmt.Sprint(e.Address.Port())
			}
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func tell(events []event.Event) string {
	var words []string
	for _, e := range events {
		word := strings.TrimPrefix(e.Name, "real_server.")
		if e.Server != "" {
			word += " " + e.Server
		}
		if e.Reason != "" {
			word += " (" + e.Reason + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

// kernel is a table of the web service, "a=1 b=0".
func kernel(text string) ipvsctl.Snapshot {
	s := ipvsctl.Service{Key: ipvsctl.Key{Protocol: ipvsctl.TCP, Address: vip}}
	for _, word := range strings.Fields(text) {
		var weight int
		fmt.Sscanf(word[2:], "%d", &weight)
		s.Destinations = append(s.Destinations, ipvsctl.Destination{Address: netip.AddrPortFrom(address(word[:1]), 80), Method: ipvsctl.DirectRoute, Weight: weight})
	}
	return ipvsctl.Snapshot{Services: []ipvsctl.Service{s}}
}

func TestDesired(t *testing.T) {
	onFail := func(what string) func(*teller) { return func(tt *teller) { tt.service.OnFail = what } }
	disable := func(i int, off bool) func(*teller) {
		return func(tt *teller) {
			tt.service.Servers = slices.Clone(tt.service.Servers)
			tt.service.Servers[i].Disabled = off
		}
	}
	weigh := func(i, weight int) func(*teller) {
		return func(tt *teller) {
			tt.service.Servers = slices.Clone(tt.service.Servers)
			tt.service.Servers[i].Weight = weight
		}
	}
	withSorry := func(tt *teller) { tt.service.Sorry = sorry() }
	both := move{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b; quorum.gained"}

	tests := []struct {
		name   string
		kernel string
		setup  func(*teller)
		moves  []move
	}{
		{"a cold start waits for verdicts", "", nil, []move{
			{table: "", events: ""},
			{verdicts: "a+", table: "a=1", events: "up a; quorum.gained"},
			{verdicts: "b-", table: "a=1", events: "down b"},
		}},
		{"a warm start keeps the kernel's table", "a=1 b=0", nil, []move{
			{table: "a=1 b=0", events: "quorum.gained"},
			{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b"},
		}},
		{"a warm start removes who fails", "a=1 b=1", nil, []move{
			{table: "a=1 b=1", events: "quorum.gained"},
			{verdicts: "a+ b-", table: "a=1", events: "up a; down b; removed b (check failed)"},
		}},
		{"a warm start drains who is not configured", "a=1 c=1", nil, []move{
			{table: "a=1 c=0", events: "draining 192.0.2.3:80 (gone from the configuration); quorum.gained"},
			{after: 30 * time.Second, table: "a=1", events: "removed 192.0.2.3:80 (drain time over)"},
		}},
		{"initial up serves before the first verdict", "", func(tt *teller) { tt.service.Initial = "up" }, []move{
			{table: "a=1 b=1", events: "quorum.gained"},
			{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
		}},
		{"initial down waits even where the kernel has it", "a=1 b=1", func(tt *teller) { tt.service.Initial = "down" }, []move{
			{table: "", events: "removed a (no verdict yet); removed b (no verdict yet)"},
			{verdicts: "a+", table: "a=1", events: "up a; quorum.gained"},
		}},
		{"no check is always healthy", "", func(tt *teller) { tt.service.Servers[0].Checks = nil }, []move{
			{table: "a=1", events: "up a; quorum.gained"},
		}},
		{"remove: down is out at once, recovery brings the weight back", "", weigh(0, 5), []move{
			{verdicts: "a+ b+", table: "a=5 b=1", events: "up a; up b; quorum.gained"},
			{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
			{verdicts: "a+", table: "a=5 b=1", events: "up a"},
		}},
		{"quiesce: down stays with weight 0", "", onFail("quiesce"), []move{
			both,
			{verdicts: "a-", table: "a=0 b=1", events: "down a"},
			{after: time.Hour, idle: "a", table: "a=0 b=1"},
			{verdicts: "a+", table: "a=1 b=1", events: "up a"},
		}},
		{"drain: down is at weight 0 until its time is over", "", onFail("drain"), []move{
			both,
			{verdicts: "a-", table: "a=0 b=1", events: "down a; draining a (check failed)"},
			{after: 29 * time.Second, table: "a=0 b=1"},
			{after: time.Second, table: "b=1", events: "removed a (drain time over)"},
			{after: time.Second, table: "b=1"},
		}},
		{"drain: or until nobody uses it", "", onFail("drain"), []move{
			both,
			{verdicts: "a-", table: "a=0 b=1", events: "down a; draining a (check failed)"},
			{after: time.Second, idle: "a", table: "b=1", events: "removed a (no connection left)"},
		}},
		{"drain: recovery ends it", "", onFail("drain"), []move{
			both,
			{verdicts: "a-", table: "a=0 b=1", events: "down a; draining a (check failed)"},
			{after: time.Second, verdicts: "a+", table: "a=1 b=1", events: "up a"},
			{after: 20 * time.Second, verdicts: "a-", table: "a=0 b=1", events: "down a; draining a (check failed)"},
			{after: 20 * time.Second, table: "a=0 b=1"},
		}},
		{"drain: who was not in does not come in to be drained", "", onFail("drain"), []move{
			{verdicts: "a- b+", table: "b=1", events: "down a; up b; quorum.gained"},
		}},
		{"an idle sight from before the drain does not count", "", nil, []move{
			both,
			{change: disable(0, true), idle: "a", table: "a=0 b=1", events: "draining a (disabled)"},
		}},
		{"disabled is drained, enabled waits for a verdict", "", nil, []move{
			both,
			{change: disable(0, true), table: "a=0 b=1", events: "draining a (disabled)"},
			{after: 30 * time.Second, table: "b=1", events: "removed a (drain time over)"},
			{change: disable(0, false), verdicts: "a?", table: "b=1"},
			{verdicts: "a+", table: "a=1 b=1", events: "up a"},
		}},
		{"a check that fails does not cut a drain short", "", nil, []move{
			both,
			{change: disable(0, true), verdicts: "a-", table: "a=0 b=1", events: "draining a (disabled)"},
		}},
		{"gone from the configuration is drained", "", nil, []move{
			both,
			{change: func(tt *teller) { tt.service.Servers = tt.service.Servers[1:] }, table: "a=0 b=1", events: "draining a (gone from the configuration)"},
			{after: time.Second, table: "a=0 b=1"},
			{after: time.Second, idle: "a", table: "b=1", events: "removed a (no connection left)"},
		}},
		{"back before its drain is over it serves again", "", nil, []move{
			both,
			{change: func(tt *teller) { tt.service.Servers = tt.service.Servers[1:] }, table: "a=0 b=1", events: "draining a (gone from the configuration)"},
			{after: time.Second, change: func(tt *teller) { tt.service.Servers = web().Servers }, table: "a=1 b=1", events: "up a"},
		}},
		{"no drain time is out at once", "", func(tt *teller) { tt.service.Drain = 0 }, []move{
			both,
			{change: disable(0, true), table: "b=1", events: "removed a (drain time over)"},
		}},
		{"weight 0 is in and stays", "", weigh(0, 0), []move{
			{verdicts: "a+ b+", table: "a=0 b=1", events: "up a; up b; quorum.gained"},
			{after: time.Hour, idle: "a", table: "a=0 b=1"},
			{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
		}},
		{"a changed weight is the new weight", "", nil, []move{
			both,
			{change: weigh(1, 7), table: "a=1 b=7"},
		}},
		{"until changed checks have decided, the verdict stands", "", nil, []move{
			both,
			{change: weigh(0, 3), verdicts: "a?", table: "a=3 b=1"},
			{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
			{verdicts: "a?", table: "b=1"},
			{verdicts: "a+", table: "a=3 b=1", events: "up a"},
		}},
		{"all checks must pass", "", func(tt *teller) { tt.service.Servers[0].Checks = []Check{checkOf("a"), checkOf("c")} }, []move{
			{verdicts: "a+ b+", table: "b=1", events: "up b; quorum.gained"},
			{verdicts: "c+", table: "a=1 b=1", events: "up a"},
			{verdicts: "c-", table: "b=1", events: "down a; removed a (check failed)"},
			{verdicts: "a-", table: "b=1"},
			{verdicts: "c+", table: "b=1"},
			{verdicts: "a+", table: "a=1 b=1", events: "up a"},
		}},
		{"without a sorry server the rest goes on below quorum", "", func(tt *teller) { tt.service.Quorum = 2 }, []move{
			both,
			{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed); quorum.lost"},
			{verdicts: "b-", table: "", events: "down b; removed b (check failed)"},
			{verdicts: "a+", table: "a=1", events: "up a"},
			{verdicts: "b+", table: "a=1 b=1", events: "up b; quorum.gained"},
		}},
		{"all down: sorry; recovery: back, and the sorry server drained", "", withSorry, []move{
			{table: "", events: "up s"},
			{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b; quorum.gained"},
			{verdicts: "a- b-", table: "s=1", events: "down a; removed a (check failed); down b; removed b (check failed); quorum.lost; sorry.on"},
			{after: time.Minute, verdicts: "b+", table: "b=1 s=0", events: "up b; draining s (quorum is back); quorum.gained; sorry.off"},
			{after: time.Second, idle: "s", table: "b=1", events: "removed s (no connection left)"},
		}},
		{"below quorum all new connections go to the sorry server", "", func(tt *teller) { withSorry(tt); tt.service.Quorum = 2 }, []move{
			{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b; up s; quorum.gained"},
			{verdicts: "a-", table: "s=1", events: "down a; removed a (check failed); removed b (below quorum: the sorry server is in use); quorum.lost; sorry.on"},
			{verdicts: "a+", table: "a=1 b=1 s=0", events: "up a; draining s (quorum is back); quorum.gained; sorry.off"},
		}},
		{"… and what remains is treated as on_fail says", "", func(tt *teller) { withSorry(tt); tt.service.Quorum = 2; tt.service.OnFail = "quiesce" }, []move{
			{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b; up s; quorum.gained"},
			{verdicts: "a-", table: "a=0 b=0 s=1", events: "down a; quorum.lost; sorry.on"},
			{verdicts: "a+", table: "a=1 b=1 s=0", events: "up a; draining s (quorum is back); quorum.gained; sorry.off"},
		}},
		{"a sorry server that fails its own check is not used", "", func(tt *teller) {
			withSorry(tt)
			tt.service.Quorum = 2
			tt.service.Sorry.Checks = []Check{checkOf("s")}
		}, []move{
			{verdicts: "a+ b+ s-", table: "a=1 b=1", events: "up a; up b; down s; quorum.gained"},
			{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed); quorum.lost"},
			{verdicts: "s+", table: "s=1", events: "removed b (below quorum: the sorry server is in use); up s; sorry.on"},
			{verdicts: "s-", table: "b=1", events: "down s; removed s (check failed); sorry.off"},
		}},
		{"a warm start below quorum keeps the sorry server until verdicts are in", "s=1", withSorry, []move{
			{table: "s=1", events: "up s; sorry.on"},
			{verdicts: "a-", table: "s=1", events: "down a"},
			{verdicts: "b-", table: "s=1", events: "down b; quorum.lost"},
			{verdicts: "a+", table: "a=1 s=0", events: "up a; draining s (quorum is back); quorum.gained; sorry.off"},
		}},
		{"a disabled server does not count for the quorum", "", func(tt *teller) { withSorry(tt); tt.service.Quorum = 2 }, []move{
			{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b; up s; quorum.gained"},
			{change: disable(0, true), table: "a=0 s=1", events: "draining a (disabled); removed b (below quorum: the sorry server is in use); quorum.lost; sorry.on"},
		}},
		{"a sorry server gone from the configuration is drained", "", withSorry, []move{
			{verdicts: "a- b-", table: "s=1", events: "down a; down b; up s; quorum.lost; sorry.on"},
			{change: func(tt *teller) { tt.service.Sorry = nil }, table: "s=0", events: "draining s (gone from the configuration); sorry.off"},
		}},
		{"several addresses share servers; port 0 is each one's own", "", func(tt *teller) {
			tt.service.Addresses = append(tt.service.Addresses, netip.MustParseAddrPort("203.0.113.1:443"))
			tt.service.Servers[1].Address = netip.AddrPortFrom(address("b"), 8080)
			tt.service.Servers[1].Forwarding = "nat"
		}, []move{
			{verdicts: "a+ b+", table: "203.0.113.1:443/a=1 203.0.113.1:443/b=1:8080 a=1 b=1:8080", events: "up a; up b; quorum.gained"},
			{verdicts: "a-", table: "203.0.113.1:443/b=1:8080 b=1:8080", events: "down a; removed a (check failed)"},
		}},
		{"drained behind one address but not yet behind the other is still draining", "", func(tt *teller) {
			tt.service.Addresses = append(tt.service.Addresses, netip.MustParseAddrPort("203.0.113.1:443"))
		}, []move{
			{verdicts: "a+ b+", table: "203.0.113.1:443/a=1 203.0.113.1:443/b=1 a=1 b=1", events: "up a; up b; quorum.gained"},
			{change: disable(0, true), table: "203.0.113.1:443/a=0 203.0.113.1:443/b=1 a=0 b=1", events: "draining a (disabled)"},
			{idle: "a", table: "203.0.113.1:443/a=0 203.0.113.1:443/b=1 b=1"},
			{after: 30 * time.Second, table: "203.0.113.1:443/b=1 b=1", events: "removed a (drain time over)"},
		}},
		{"a virtual server gone from the configuration is gone at once", "", nil, []move{
			both,
			{change: func(tt *teller) { tt.gone = true }, table: "", events: "removed a (virtual server gone from the configuration); removed b (virtual server gone from the configuration)"},
		}},
		{"a renamed server is the same server", "", nil, []move{
			both,
			{change: func(tt *teller) {
				tt.service.Servers = slices.Clone(tt.service.Servers)
				tt.service.Servers[0].Name = "alpha"
			}, table: "a=1 b=1"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tt := &teller{t: t, service: web(), verdicts: make(map[checkID]healthcheck.Verdict), now: time.Unix(1000, 0)}
			if test.setup != nil {
				test.setup(tt)
			}
			tt.state.adopt(tt.compile(), kernel(test.kernel))
			for _, m := range test.moves {
				tt.play(m)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		change func(*Service)
		want   string
	}{
		{func(s *Service) { s.Protocol = "icmp" }, `virtual server "web": unknown protocol "icmp"`},
		{func(s *Service) { s.OnFail = "panic" }, `virtual server "web": unknown on_fail "panic"`},
		{func(s *Service) { s.Servers[1].Forwarding = "mail" }, `virtual server "web": server "b": unknown forwarding method "mail"`},
	}
	for _, tt := range tests {
		s := web()
		tt.change(&s)
		if _, err := compile(s, newChecks()); err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
