package balancer

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// A director that stops reading delays no probe and no change of the table,
// and later learns how much it missed.
func TestLinkFullDelaysNothing(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.configure(web())
		b.pass(time.Second)
		b.expect("a=1 b=1") // and nobody has read a byte
		const turns = benchRoom / 4
		for range turns { // each is five events
			b.set(errRefused, "a")
			b.pass(6 * time.Second)
			b.expect("b=1")
			b.set(nil, "a")
			b.pass(4 * time.Second)
			b.expect("a=1 b=1")
		}
		if n := b.count("b"); n < turns*5 || n > turns*5+1 {
			t.Errorf("%d probes in %d turns of five beats", n, turns)
		}
		b.listen()
		b.pass(time.Second)
		b.set(errRefused, "a")
		b.pass(6 * time.Second)
		heard := b.events()
		lost := 0
		for _, e := range heard {
			if e.Name == "log.dropped" {
				lost += e.Count
			}
		}
		// Each turn is down, removed, applied, up, applied; then three more.
		const begin = 4 // up a, up b, quorum, applied: two verdicts come at different times
		if total := len(heard) - 1 + lost; total < begin+5*turns+3 || lost < turns {
			t.Errorf("%d events heard, %d lost, %d in all", len(heard), lost, total)
		}
		if n := len(b.shown()); n != 1 {
			t.Errorf("status of %d services", n)
		}
	})
}

// What servers come up is told when they are in the kernel's table, which is written first; a
// kernel that takes long does not keep anybody from hearing of it.
func TestEventsWaitForTheTable(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		services, first, release := farm(3, 2), -1, make(chan struct{})
		for i := range services {
			for k := range services[i].Servers {
				services[i].Servers[k].Checks = nil // well from the beginning
			}
		}
		b.table.Fail(ipvstest.Faults{Wait: func(call string) {
			if call == "apply" {
				first = len(b.events())
				<-release
			}
		}})
		b.configure(services...)
		early := first + len(b.events()) // the first is on its way before anybody knows of others
		if first < 0 || early > 1 {
			t.Errorf("%d events before the table was written, %d then", first, early-first)
		}
		if b.answer != (Configured{}) || len(b.shown()) != 3 {
			t.Error("everything waits")
		}
		b.pass(longestHold + time.Millisecond)
		if n := len(b.events()) + early; n != 9 {
			t.Errorf("%d events while the kernel takes long", n)
		}
		close(release)
		b.table.Fail(ipvstest.Faults{})
		services[0].Servers = services[0].Servers[:1]
		b.configure(services...)
		if told := b.told("ipvs", "real"); told == "" {
			t.Error("nothing is told later on")
		}
	})
}

// A configuration comes in portions, of which the last puts it into force.
func TestConfigurationInPortions(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		services := farm(7, 2)
		b.send(Command{Services: services[:3]})
		b.pass(3 * time.Second)
		if n := len(b.table.Services()); n != 0 {
			t.Errorf("%d services before it was complete", n)
		}
		b.send(Command{Services: services[3:5]})
		b.command(Config{Serial: 1, Services: services[5:]})
		b.pass(3 * time.Second)
		for i, s := range b.shown() {
			if s.Name != services[i].Name {
				t.Errorf("service %d is %s", i, s.Name)
			}
		}
		if n := len(b.table.Services()); n != 7 {
			t.Errorf("%d services", n)
		}
		b.command(Config{Serial: 2, Services: services[:1]})
		if n := len(b.table.Services()); n != 1 {
			t.Errorf("%d services after another one", n)
		}
	})
}

// Ten thousand servers fail at once, each is told to be down and to be removed, and
// their services' quorum is lost.
func TestOutboxHoldsADeadRack(t *testing.T) {
	o := newOutbox(maxEvents)
	for range 20000 + 1000 {
		o.tell(event.Event{Name: "real_server.down"})
	}
	if o.dropped > 0 || len(o.events) != 21000 {
		t.Errorf("%d events wait, %d were dropped", len(o.events), o.dropped)
	}
}

func TestOutboxCountsWhatItDrops(t *testing.T) {
	o := &outbox{events: make(chan *event.Event, 4)}
	send := func(n int) {
		for i := range n {
			o.tell(event.Event{Name: fmt.Sprint(i)})
		}
	}
	take := func(n int) (names []string) {
		for range n {
			e := <-o.events
			names = append(names, fmt.Sprintf("%s/%d", e.Name, e.Count))
		}
		return names
	}
	send(7) // 3 lost
	got := take(1)
	send(1) // room for one, but not for the count and it
	got = append(got, take(1)...)
	send(1)
	got = append(got, take(4)...)
	want := []string{"0/0", "1/0", "2/0", "3/0", "log.dropped/4", "0/0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Nobody is told the status who does not ask: of ten thousand servers it is megabytes.
func TestStatusIsSentWhenItIsAskedFor(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil)
		s.Servers[0].Weight = 7
		b.configure(s)
		b.set(errRefused, "b")
		b.pass(10 * time.Second)
		if b.sent != 0 {
			t.Errorf("%d status messages that nobody asked for", b.sent)
		}
		if w := b.shown()[0].RealServers[0].EffectiveWeight; w != 7 || b.sent != 1 {
			t.Errorf("%d status messages for one question; weight %d", b.sent, w)
		}
		b.configure()
		if b.shown(); b.sent != 2 || len(b.status) != 0 {
			t.Errorf("%d status messages for two questions; %d services where there are none", b.sent, len(b.status))
		}
	})
}

func TestStatusShowsEverything(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil)
		b.set(errRefused, "a")
		b.pass(6 * time.Second)
		s.Servers = s.Servers[:1:1]
		off := server("c")
		off.Disabled = true
		s.Servers = append(s.Servers, Server{Name: "new", Address: netip.MustParseAddrPort("192.0.2.3:8080"), Forwarding: "nat", Weight: 4}, off)
		b.configure(s)
		b.pass(50 * time.Millisecond)
		want := []Status{{
			Name: "web", Addresses: []string{"203.0.113.1:80"}, Quorum: 1, HasQuorum: true,
			RealServers: []ServerStatus{
				{Name: "a", Address: "192.0.2.1:80", State: "down", Weight: 1, Checks: []CheckStatus{{Kind: "tcp", Error: errRefused.Error(), Failures: 3}}},
				{Name: "new", Address: "192.0.2.3:8080", State: "up", Weight: 4, EffectiveWeight: 4, Checks: []CheckStatus{}},
				{Name: "c", Address: "192.0.2.3:80", State: "disabled", Weight: 1, Checks: []CheckStatus{}},
				{Name: "b", Address: "192.0.2.2:80", State: "draining", Checks: []CheckStatus{}},
			},
		}}
		if s := b.shown()[0].RealServers; s[0].Since.Sub(s[1].Since) >= 0 || s[2].Since != (time.Time{}) {
			t.Errorf("a is down since %v, new is up since %v, c is disabled since %v", s[0].Since, s[1].Since, s[2].Since)
		}
		if diff := cmp.Diff(want, b.shown(), cmpopts.IgnoreFields(ServerStatus{}, "Since")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		b.pass(4 * time.Second)
		if n := len(b.shown()[0].RealServers); n != 3 {
			t.Errorf("%d servers once b is gone", n)
		}
	})
}

// What is told in the moment of leaving still arrives.
func TestRunFlushesItsEvents(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.configure(web())
		b.pass(time.Second)
		b.stop()
		synctest.Wait()
		b.listen()
		if err := <-b.ended; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if told := b.told("real_server", "quorum"); told != "up a; quorum.gained; up b" && told != "up b; quorum.gained; up a" {
			t.Errorf("told %s", told)
		}
	})
}

func TestRunDoesNotWaitForADeafDirector(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.configure(web())
		b.pass(time.Second)
		start := time.Now()
		if err := b.end(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestMessagesAreJSONValues(t *testing.T) {
	text, err := json.Marshal(Report{Event: &event.Event{Name: "sorry.on", Service: "web"}})
	if err != nil || string(text) != `{"event":{"time":"0001-01-01T00:00:00Z","event":"sorry.on","service":"web"}}` {
		t.Errorf("%s %v", text, err)
	}
}
