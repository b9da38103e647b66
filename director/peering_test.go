package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

var peerAddress = netip.MustParseAddrPort("192.0.2.12:7112")

// reporting is an election process that reports what it is given, and takes every
// configuration.
func reporting(reports <-chan election.Report) plot {
	return func(ctx context.Context, link end, _ int) error {
		answers := make(chan election.Report)
		go func() {
			defer close(answers)
			in := json.NewDecoder(link)
			for c := (election.Command{}); in.Decode(&c) == nil; c = (election.Command{}) {
				if c.Configure != nil {
					answers <- election.Report{Configured: &election.Configured{Serial: c.Configure.Serial}}
				}
			}
		}()
		for {
			select {
			case r := <-reports:
				json.NewEncoder(link).Encode(r)
			case r, open := <-answers:
				if !open {
					return nil
				}
				json.NewEncoder(link).Encode(r)
			case <-ctx.Done():
				return errors.New("signal: killed")
			}
		}
	}
}

// beside is a director lb1 whose peer's answers a test makes up. The peer's clock is an
// hour ahead.
type beside struct {
	*stage
	reports chan election.Report
	now     *[]election.Status // what is reported
}

func besidePeer(t *testing.T) beside {
	b := beside{reports: make(chan election.Report), now: new([]election.Status)}
	b.stage = perform(t, reporting(b.reports), configurable(upReport, make(chan string, 9), willing), func(d *Director) {
		d.Config.Admin.Peer = peerAddress
		d.Load = func() (*config.Config, config.Diagnostics) {
			c := testConfig()
			c.Hash, c.Instances = "def", c.Instances[:1] // mail is gone, and nobody is asked
			return c, config.Diagnostics{}
		}
	})
	return b
}

const ahead = time.Hour

// is reports what web and mail are here, since now.
func (b beside) is(web, mail string) {
	now := time.Now()
	*b.now = []election.Status{{Name: "web", VRID: 1, State: web, Since: now}, {Name: "mail", VRID: 2, State: mail, Since: now}}
	b.reports <- election.Report{Status: *b.now}
	synctest.Wait()
}

// says is one answer of the peer, to a director whose election goes on.
func (b beside) says(h heardPeer) {
	b.reports <- election.Report{Status: *b.now}
	synctest.Wait()
	b.answers(h)
}

func (b beside) answers(h heardPeer) {
	h.address, h.asked = peerAddress, time.Now()
	b.life.messages <- message{peer: &h}
	synctest.Wait()
}

// lb2 is an answer as it should be, with what web and mail are there and since when.
func lb2(web string, since time.Time, mail string, mailSince time.Time) heardPeer {
	now := time.Now()
	return heardPeer{positions: Positions{Cluster: "shop", Director: "lb2", Time: now.Add(ahead), AsOf: now.Add(ahead - reportDelay), Instances: []Position{
		{Name: "web", State: web, Since: since.Add(ahead), Master: "192.0.2.12", Priority: 100}, {Name: "mail", State: mail, Since: mailSince.Add(ahead)}}}}
}

// splits are those told so far.
func (b beside) splits() (list []string) {
	for _, e := range b.events("vrrp.split") {
		list = append(list, fmt.Sprintf("%s %s %s %.0f", e.Instance, e.Reason, e.Via, e.DurationMS))
	}
	return list
}

func (b beside) told(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := b.splits(); !slices.Equal(got, want) {
		t.Errorf("%s: told %q, want %q", when, got, want)
	}
}

// TestPeerIsMasterToo: two directors that say they are master of one instance for longer
// than an interval, and a second, are told of; until one of them says that it is not.
func TestPeerIsMasterToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := besidePeer(t)
		b.is("master", "master")
		time.Sleep(time.Minute)
		t0 := time.Now()
		b.says(lb2("backup", t0.Add(-time.Hour), "backup", t0.Add(-time.Hour)))
		b.told(t, "a pair as it should be")
		for range 2 {
			time.Sleep(500 * time.Millisecond)
			b.says(lb2("master", t0, "master", t0))
		}
		b.told(t, "after a second, of which a quarter is no evidence")
		time.Sleep(500 * time.Millisecond)
		b.says(lb2("master", t0, "master", t0))
		want := []string{"web start peer 0"}
		b.told(t, "after 1.5 s", want...)
		if e := b.events("vrrp.split")[0]; e.VRID != 1 || e.Peer != "192.0.2.12" || e.PeerPriority != 100 || e.Error != "lb2 at 192.0.2.12:7112 says that it is master, for 1.25s beside this one" {
			t.Errorf("%+v", e)
		}
		time.Sleep(2 * time.Second)
		b.says(lb2("master", t0, "master", t0))
		want = append(want, "mail start peer 0")
		b.told(t, "of an instance with an interval of 3 s", want...)
		if d, _ := b.life.asked(t.Context(), false); d.VRRPInstances[0].Split == nil || !d.VRRPInstances[0].Split.Since.Equal(t0) || !d.Peer.Reachable || d.Peer.Director != "lb2" {
			t.Errorf("%+v %+v", d.VRRPInstances[0].Split, d.Peer)
		}
		time.Sleep(time.Second)
		b.says(lb2("backup", time.Now().Add(-300*time.Millisecond), "master", t0))
		want = append(want, "web end peer 4200")
		b.told(t, "when the peer has yielded", want...)
		b.is("master", "backup")
		want = append(want, "mail end peer 4500")
		b.told(t, "when this one has yielded", want...)
		b.leave()
		b.told(t, "after the end", want...)
	})
}

// TestSplitsThatAreNone: a hand-over, answers that are old, and peers that are none.
func TestSplitsThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := besidePeer(t)
		b.is("backup", "backup")
		time.Sleep(time.Minute)
		long := time.Now().Add(-time.Hour)
		b.is("master", "backup")
		time.Sleep(100 * time.Millisecond)
		b.says(lb2("master", long, "master", long)) // it has not let go yet, or not said so
		b.told(t, "a hand-over")
		time.Sleep(5 * time.Second)

		old := lb2("master", long, "master", long)
		old.positions.AsOf = old.positions.Time.Add(-time.Minute)
		itself := lb2("master", long, "master", long)
		itself.positions.Director = "lb1"
		stranger := lb2("master", long, "master", long)
		stranger.positions.Cluster = "other"
		trial := lb2("master", long, "master", long)
		trial.positions.DryRun = true
		for _, h := range []heardPeer{old, itself, stranger, trial, {err: errors.New("connection refused")}} {
			b.says(h)
		}
		reload := lb2("master", long, "master", long)
		reload.address, reload.asked = netip.MustParseAddrPort("192.0.2.13:7112"), time.Now()
		b.life.messages <- message{peer: &reload}
		synctest.Wait()
		b.told(t, "answers that prove nothing")

		time.Sleep(20 * time.Second)
		b.answers(lb2("master", time.Now().Add(-15*time.Second), "backup", long))
		b.told(t, "this director stood still, and its election has not said yet what it has become")
		b.leave()
	})
}

// TestPeerIsLost: it is told once that the peer gives no good answer, with the reason, and
// once that it does again. A split that only it told of is over with its last word.
func TestPeerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := besidePeer(t)
		b.is("master", "master")
		time.Sleep(time.Minute)
		t0 := time.Now().Add(-5 * time.Second)
		b.says(lb2("master", t0, "backup", t0))
		for range 30 {
			time.Sleep(time.Second)
			b.says(heardPeer{err: errors.New("connection refused")})
		}
		b.told(t, "with a peer that is lost", "web start peer 0", "web end peer 4750")
		lost := b.events("peer.lost")
		if len(lost) != 1 || lost[0].Reason != "unreachable" || lost[0].Error != "connection refused" || lost[0].DurationMS != 10000 || lost[0].Peer != peerAddress.String() {
			t.Errorf("%+v", lost)
		}
		if d, _ := b.life.asked(t.Context(), false); d.Peer.Reachable || d.Peer.Reason != "unreachable" || time.Since(d.Peer.Since) != 29*time.Second {
			t.Errorf("%+v", d.Peer)
		}
		for range 3 {
			b.says(lb2("backup", t0, "backup", t0))
		}
		found := b.events("peer.found")
		if len(found) != 1 || found[0].DurationMS != 30000 {
			t.Errorf("%+v", found)
		}
		b.leave()
	})
}

// TestPeerIsNotAskedAnyMore: with the reload that says so, what it told of is over.
func TestPeerIsNotAskedAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := besidePeer(t)
		b.is("master", "master")
		time.Sleep(time.Minute)
		t0 := time.Now().Add(-5 * time.Second)
		b.says(lb2("master", t0, "backup", t0))
		b.reports <- election.Report{Event: &event.Event{Name: "vrrp.split", Reason: "start", Instance: "mail", Time: time.Now()}}
		time.Sleep(time.Second)
		if o, err := b.life.renew(t.Context(), "uid 0, pid 1", true); err != nil || !o.Applied {
			t.Fatalf("%+v, %v", o, err)
		}
		synctest.Wait()
		b.told(t, "after the reload", "web start peer 0", "mail start adverts 0", "mail end adverts 1000", "web end peer 4750")
		b.says(lb2("master", t0, "backup", t0))
		b.told(t, "by an answer that comes late", "web start peer 0", "mail start adverts 0", "mail end adverts 1000", "web end peer 4750")
		if d, _ := b.life.asked(t.Context(), false); d.Peer != nil {
			t.Errorf("%+v", d.Peer)
		}
		b.leave()
	})
}

// TestPeerAndAdverts: what the election hears of a split that the peer told of is no
// second one.
func TestPeerAndAdverts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := besidePeer(t)
		b.is("master", "master")
		time.Sleep(time.Minute)
		t0 := time.Now()
		b.says(lb2("backup", t0, "backup", t0))
		time.Sleep(5 * time.Second)
		b.says(lb2("master", t0, "backup", t0))
		hears := func(reason string, lasted float64) {
			b.reports <- election.Report{Event: &event.Event{Name: "vrrp.split", Reason: reason, Instance: "web", Peer: "192.0.2.12", Time: time.Now(), DurationMS: lasted}}
			synctest.Wait()
		}
		hears("start", 0)
		time.Sleep(4 * time.Second)
		b.says(lb2("backup", time.Now().Add(-time.Second), "backup", t0))
		hears("end", 3100)
		b.told(t, "a split that was seen by both", "web start peer 0", "web end peer,adverts 8100")
		hears("start", 0)
		hears("end", 0.5)
		if e := b.events("vrrp.split"); len(e) != 4 || e[3].Via != "adverts" || e[3].DurationMS != 0.5 {
			t.Errorf("%+v", e)
		}
		b.leave()
	})
}

// TestAskingOf: twice in the shortest interval, within bounds, and nobody in a trial.
func TestAskingOf(t *testing.T) {
	c := testConfig()
	c.Admin.Peer = peerAddress
	for shortest, want := range map[time.Duration]time.Duration{
		10 * time.Millisecond: 500 * time.Millisecond, time.Second: 500 * time.Millisecond, 2 * time.Second: time.Second, 40 * time.Second: 1500 * time.Millisecond,
	} {
		c.Instances[0].Interval = shortest
		if got := askingOf(c, false); got != (asking{peerAddress, want}) {
			t.Errorf("with an interval of %v: %+v, want every %v", shortest, got, want)
		}
	}
	c.Instances = nil
	if got := askingOf(c, false); got.every != peerLatest {
		t.Errorf("without instances every %v", got.every)
	}
	if got := askingOf(c, true); got.address.IsValid() {
		t.Errorf("in a trial %v is asked", got.address)
	}
}

// TestAsOf: what was reported is so a moment before now, as long as reports come.
func TestAsOf(t *testing.T) {
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]time.Duration{0: 0, 100 * time.Millisecond: 100 * time.Millisecond, time.Second: reportDelay, time.Minute: time.Minute} {
		if got := now.Sub(asOf(now.Add(-age), now)); got != want {
			t.Errorf("of a report %v ago: %v ago, want %v", age, got, want)
		}
	}
}
