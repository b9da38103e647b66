package election

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// fakeEar hears what the test says.
type fakeEar struct {
	said   chan garp.Claim
	failed chan struct{}
	closed chan struct{}
}

func (e *fakeEar) fail() { close(e.failed) }

func (e *fakeEar) Next() (garp.Claim, error) {
	select {
	case c := <-e.said:
		return c, nil
	case <-e.failed:
		return garp.Claim{}, errFake
	case <-e.closed:
		return garp.Claim{}, errFake
	}
}

func (e *fakeEar) Close() error {
	close(e.closed)
	return nil
}

// listen is the host's ear.
func (f *fakeHost) listen(int, []netip.Addr) (ear, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.earErr != nil {
		return nil, f.earErr
	}
	e := &fakeEar{make(chan garp.Claim), make(chan struct{}), make(chan struct{})}
	f.ears = append(f.ears, e)
	return e, nil
}

// listening counts the ears that are open.
func (f *fakeHost) listening() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.ears {
		select {
		case <-e.closed:
		default:
			n++
		}
	}
	return n
}

// hears says a claim to the newest ear.
func (f *fakeHost) hears(mac garp.MAC, a netip.Addr) {
	f.mu.Lock()
	e := f.ears[len(f.ears)-1]
	f.mu.Unlock()
	select {
	case e.said <- garp.Claim{Addr: a, MAC: mac}:
	case <-e.closed:
	}
	synctest.Wait()
}

func (f fakeAnnouncer) Probe(_ int, _ net.HardwareAddr, addrs []netip.Addr) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.probed = append(f.probed, addrs...)
	f.reply(addrs)
	return nil
}

func (f fakeAnnouncer) Request(_ int, _ net.HardwareAddr, _ netip.Addr, addrs []netip.Addr) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requested = append(f.requested, addrs...)
	f.reply(addrs)
	return nil
}

func (f fakeAnnouncer) Defend(_ int, _ net.HardwareAddr, _ bool, addrs []netip.Addr) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.defended = append(f.defended, addrs...)
	return nil
}

// reply has the residents of the link answer.
func (f *fakeHost) reply(addrs []netip.Addr) {
	if len(f.ears) == 0 {
		return
	}
	e := f.ears[len(f.ears)-1]
	for _, a := range addrs {
		mac, there := f.residents[a]
		if !there {
			continue
		}
		go func() {
			select {
			case e.said <- garp.Claim{Addr: a, MAC: mac}:
			case <-e.closed:
			}
		}()
	}
}

// settle says who has addresses on the link from now on.
func (f *fakeHost) settle(residents map[netip.Addr]garp.MAC) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.residents = residents
}

// questions are the addresses that were probed, and those of routers that were asked for.
func (f *fakeHost) questions() (probed, requested []netip.Addr) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.probed), slices.Clone(f.requested)
}

// asked and answered count the probes and the counter-announcements.
func (f *fakeHost) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.probed)
}

func (f *fakeHost) answered() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.defended)
}

var intruder = garp.MAC{2, 0, 0, 0, 0, 99}

// conflicts are the events of that name.
func (p *process) conflicts() (list []event.Event) {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	for _, e := range p.events {
		if e.Name == "address.conflict" {
			list = append(list, e)
		}
	}
	return list
}

// TestConflictIsReportedAndAnswered: within a second, to an address held in
// peace; and everything ends with the mastership.
func TestConflictIsReportedAndAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(shop(100))
		if p.listening() > 0 {
			t.Error("a backup listens")
		}
		sleep(4 * time.Second)
		if p.listening() != 1 || p.asked() != 3 {
			t.Errorf("a new master has %d ears and has sent %d probes, want one, two before and one after the claim", p.listening(), p.asked())
		}
		sleep(time.Minute)
		if p.asked() != 4 {
			t.Errorf("%d probes after the grace, want 4", p.asked())
		}
		for range 5 {
			p.hears(intruder, vip.Addr())
		}
		sleep(time.Second)
		got := p.conflicts()
		if len(got) != 1 || got[0].Address != vip.String() || got[0].Peer != intruder.String() || got[0].Count != 5 ||
			got[0].Interface != "eth0" || got[0].Instance != "shop" || got[0].Reason != afterClaim {
			t.Errorf("events: %+v", got)
		}
		if p.answered() != 1 {
			t.Errorf("%d counter-announcements, want 1", p.answered())
		}
		p.leave(t)
		if p.listening() > 0 {
			t.Error("somebody still listens")
		}
	})
}

// TestOwnMACIsNoConflict: another of this node's links may be in the same network.
func TestOwnMACIsNoConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.mac = intruder[:]
		p := launch(f, false)
		p.configure(shop(100))
		sleep(time.Minute)
		p.hears(intruder, vip.Addr())
		sleep(time.Minute)
		if n := len(p.conflicts()); n > 0 || p.answered() > 0 {
			t.Errorf("%d events, %d counter-announcements", n, p.answered())
		}
		p.leave(t)
	})
}

// TestSplitIsNoConflict: the other master announces what it claims; its
// advertisements say who it is. It is contradicted, and not reported.
func TestSplitIsNoConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(shop(100))
		sleep(time.Minute)
		p.hears(intruder, vip.Addr()) // the announcement is read before the advertisement is
		other := p.lan.Dial(51, addrB)
		for range 20 { // longer than any grace
			other.Send(vrrp.Advertisement{VRID: 51, Priority: 50, Interval: time.Second, Addresses: []netip.Addr{vip.Addr()}})
			synctest.Wait()
			p.hears(intruder, vip.Addr())
			sleep(time.Second)
		}
		other.Close()
		sleep(5 * time.Second)
		said := p.answered()
		if said < 5 || said > 8 {
			t.Errorf("%d counter-announcements in 25 s, want 3 and then one every five seconds", said)
		}
		p.hears(intruder, vip.Addr()) // its lease goes on
		sleep(time.Second)
		if n := len(p.conflicts()); n > 0 || p.answered() > said {
			t.Errorf("%d events, %d more counter-announcements", n, p.answered()-said)
		}
		sleep(time.Minute)
		p.hears(intruder, vip.Addr())
		sleep(time.Second)
		if n := len(p.conflicts()); n != 1 || p.answered() != said+2 {
			t.Errorf("of one that stays after the split: %d events, %d counter-announcements; want 1, and 2 as it does not insist", n, p.answered()-said)
		}
		p.leave(t)
	})
}

// TestSuccessorIsNotContradicted: who leaves in good order lets the successor have
// the last word, a split or not.
func TestSuccessorIsNotContradicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(shop(100))
		sleep(time.Minute)
		other := p.lan.Dial(51, addrB)
		other.Send(vrrp.Advertisement{VRID: 51, Priority: 50, Interval: time.Second, Addresses: []netip.Addr{vip.Addr()}})
		synctest.Wait()
		p.hears(intruder, vip.Addr())
		sleep(100 * time.Millisecond)
		if p.answered() != 1 {
			t.Fatalf("%d counter-announcements in the split, want 1", p.answered())
		}
		go p.leave(t)
		synctest.Wait()
		p.hears(intruder, vip.Addr())
		sleep(100 * time.Millisecond)
		if p.listening() == 0 || p.answered() != 1 {
			t.Errorf("%d counter-announcements while leaving, %d ears", p.answered()-1, p.listening())
		}
		sleep(5 * time.Second)
		other.Close()
	})
}

// TestFloodOfClaims costs neither transitions nor advertisements, and few events.
func TestFloodOfClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		p.configure(shop(100))
		sleep(time.Minute)
		before := p.status()[0]
		start := time.Now()
		for i := range 12_800 {
			p.hears(garp.MAC{2, 1, 0, 0, byte(i >> 8), byte(i)}, vip.Addr())
		}
		took := time.Since(start)
		if want := 12_800 / earBudget * earPause; took < want-earPause {
			t.Errorf("12800 claims were taken in %v, want no less than %v", took, want)
		}
		sleep(time.Second)
		after := p.status()[0]
		seconds := uint64(time.Since(start) / time.Second)
		if sent := after.AdvertsSent - before.AdvertsSent; after.Transitions != before.Transitions || sent < seconds-1 {
			t.Errorf("%d advertisements in %d s, transitions %d, before %d", sent, seconds, after.Transitions, before.Transitions)
		}
		if n := len(p.conflicts()); n == 0 || n > 11 || p.answered() > 2 {
			t.Errorf("%d events, %d counter-announcements", n, p.answered())
		}
		p.leave(t)
	})
}

// TestDeafLookout: a node that cannot listen is master all the same, and says so.
func TestDeafLookout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		f.earErr = errFake
		p := launch(f, false)
		p.configure(shop(100))
		sleep(time.Minute)
		if !p.holds(vip) || !slices.Contains(p.names(), "vrrp.error") {
			t.Errorf("holds %v, events %q", p.holds(vip), p.names())
		}
		p.leave(t)
	})
}
