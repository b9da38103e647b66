package balancer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/ipvsctl"
)

// order puts overrides in force, for servers of the web service.
func order(overrides ...Override) func(*teller) {
	return func(tt *teller) {
		for i := range overrides {
			overrides[i].Service, overrides[i].By = "web", "uid 0, pid 1"
		}
		tt.overrides = overrides
	}
}

func TestOverrides(t *testing.T) {
	both := move{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b; quorum.gained"}
	none := func(*teller) {}
	five, zero := 5, 0

	t.Run("drained, and let in again", func(t *testing.T) {
		play(t, "", none, both,
			move{change: order(Override{Server: "a", Drain: true}), table: "a=0 b=1", events: "override a; draining a (drained by an operator)"},
			move{after: 30 * time.Second, table: "b=1", events: "removed a (drain time over)"},
			move{change: order(), table: "a=1 b=1", events: "override a"},
		)
	})
	t.Run("a drain ends by itself", func(t *testing.T) {
		play(t, "", none, both,
			move{change: order(Override{Server: "a", Drain: true, Until: time.Unix(1010, 0)}), table: "a=0 b=1", events: "override a; draining a (drained by an operator)"},
			move{after: 9 * time.Second, table: "a=0 b=1"},
			move{after: time.Second, table: "a=1 b=1", events: "override a"},
		)
	})
	t.Run("who fails while it drains is removed at once", func(t *testing.T) {
		play(t, "", none, both,
			move{change: order(Override{Server: "a", Drain: true}), table: "a=0 b=1", events: "override a; draining a (drained by an operator)"},
			move{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
			move{verdicts: "a+", table: "b=1", events: "up a"},
		)
	})
	t.Run("a weight instead of the configured one, which is less in a quorum", func(t *testing.T) {
		play(t, "", func(tt *teller) { tt.service.Quorum = 2 }, both,
			move{change: order(Override{Server: "a", Weight: &five}), table: "a=5 b=1", events: "override a"},
			move{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed); quorum.lost"},
			move{verdicts: "a+", table: "a=5 b=1", events: "up a; quorum.gained"},
			move{change: order(Override{Server: "a", Weight: &zero}), table: "a=0 b=1", events: "override a; quorum.lost"},
		)
	})
	t.Run("a drained server counts for no quorum and no guard", func(t *testing.T) {
		play(t, "", func(tt *teller) { tt.service.MaxFailed = 0.5 }, both,
			move{change: order(Override{Server: "a", Drain: true}), table: "a=0 b=1", events: "override a; draining a (drained by an operator)"},
			move{verdicts: "b-", table: "a=0 b=1", events: "down b; guard.active (" + guarding + ")"},
		)
	})
	t.Run("one of before a restart is no news", func(t *testing.T) {
		play(t, "a=1 b=1", order(Override{Server: "a", Drain: true}),
			move{table: "a=0 b=1", events: "draining a (drained by an operator); quorum.gained"},
		)
	})
	t.Run("it wakes for the end", func(t *testing.T) {
		tt := &teller{t: t, service: web(), now: time.Unix(1000, 0)}
		order(Override{Server: "b", Weight: &five, Until: time.Unix(1007, 0)})(tt)
		if st := step(tt.compile(), state{}, facts{now: tt.now, said: says(nil, nil), overrides: index(tt.overrides)}); !st.wake.Equal(time.Unix(1007, 0)) {
			t.Errorf("wakes at %v", st.wake)
		}
	})
}

func TestPoolObeysOverridesAndKeepsThem(t *testing.T) {
	inBubble(t, func(b *bench) {
		s := b.begin(nil)
		b.table.Connect(ipvsctl.DestinationKey{Service: webKey, Address: netip.AddrPortFrom(address("a"), 80)}, ipvsctl.Connections{Active: 1})
		o := Override{Service: "web", Server: "a", Drain: true, Until: time.Now().Add(time.Minute)}
		b.send(Command{Overrides: &Overrides{[]Override{o}}})
		b.expect("a=0 b=1")
		b.send(Command{Configure: &Config{Services: []Service{s}, Overrides: []Override{o}}})
		b.expect("a=0 b=1")
		b.pass(31 * time.Second)
		b.expect("b=1")
		b.pass(29 * time.Second)
		b.expect("a=1 b=1")
		if told := b.told("real_server.override"); told != "override a; override a" {
			t.Errorf("told %s", told)
		}
	})
}

func TestOverrideIsTold(t *testing.T) {
	five := 5
	o := &Override{Server: "a", Weight: &five, Until: time.Unix(0, 0), By: "uid 0, pid 1"}
	var told []event.Event
	narrateMember(&service{Service: Service{Name: "web"}}, &memberState{name: "a"}, &memberState{name: "a", override: o}, nil, func(e event.Event) { told = append(told, e) })
	want := event.Event{Name: "real_server.override", Service: "web", Server: "a", Address: "invalid AddrPort", From: "none", To: "weight 5 until 1970-01-01T00:00:00Z", By: "uid 0, pid 1"}
	if len(told) != 1 || told[0] != want {
		t.Errorf("told %+v", told)
	}
}
