package vrrp_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// spoiled is a Conn on which packets of VRID 0 fail a check.
type spoiled struct{ *vrrptest.Port }

func (s spoiled) Next() (vrrp.Packet, error) {
	p, err := s.Port.Next()
	if err == nil && p.VRID == 0 {
		err = vrrp.BadChecksum
	}
	return p, err
}

// launch starts a node of a configuration, whose socket discards what is spoiled.
func launch(t *testing.T, lan *vrrptest.LAN, source netip.Addr, cfg vrrp.Config, advertised ...netip.Addr) *node {
	t.Helper()
	n := &node{lan: lan, source: source, stopped: make(chan struct{})}
	n.Router = vrrp.NewRouter(cfg, vrrp.Member{
		Version: cfg.Version, VRID: 51, Advertised: advertised, Addresses: n, Observer: n,
		Dial: func(l vrrp.Link) (vrrp.Conn, error) {
			n.dial(l)
			return spoiled{n.port}, nil
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	n.stop = cancel
	n.SetLinks(vrrp.Link{Index: 2, Source: source})
	go func() { defer close(n.stopped); n.Run(ctx) }()
	synctest.Wait()
	return n
}

// TestDiscardsAreNeutral runs the same life twice, once with packets that fail a
// check at every instant that matters: every transition and every advertisement
// comes at the same time.
func TestDiscardsAreNeutral(t *testing.T) {
	life := func(invalid time.Duration) (story []string, discarded uint64) {
		synctest.Test(t, func(t *testing.T) {
			lan := vrrptest.NewLAN()
			began := time.Now()
			witness := lan.Dial(51, netip.MustParseAddr("192.0.2.99"))
			watch := make(chan struct{})
			go func() {
				defer close(watch)
				for witness.Wait() == nil {
					for p, err := witness.Next(); err == nil; p, err = witness.Next() {
						story = append(story, fmt.Sprint(time.Since(began), " ", p.Source, " ", p.Priority))
					}
				}
			}()
			cfg := vrrp.Config{Version: 3, Priority: 150, Interval: time.Second}
			a := launch(t, lan, addrA, cfg, vip)
			cfg.Priority = 100
			b := launch(t, lan, addrB, cfg, vip)
			stop := make(chan struct{})
			flood := make(chan struct{})
			go func() {
				defer close(flood)
				for {
					select {
					case <-stop:
						return
					case <-time.After(max(invalid, time.Millisecond)):
					}
					if invalid > 0 {
						forged := vrrp.Packet{Source: netip.MustParseAddr("192.0.2.66"), Advertisement: vrrp.Advertisement{Priority: 254, Interval: 40 * time.Second}}
						a.port.Deliver(forged)
						b.port.Deliver(forged)
					}
				}
			}()
			sleep(10 * time.Second)
			lan.Lose(func(from, to netip.Addr) bool { return to == addrB })
			sleep(10 * time.Second)
			lan.Lose(nil)
			sleep(10 * time.Second)
			a.stop()
			<-a.stopped
			sleep(3 * time.Second)
			discarded = b.stats().Discarded
			if why := b.stats().Discards[vrrp.BadChecksum]; why != discarded {
				t.Errorf("%d of %d packets discarded for their checksum", why, discarded)
			}
			b.stop()
			<-b.stopped
			close(stop)
			<-flood
			witness.Close()
			<-watch
			for _, n := range []*node{a, b} {
				for _, line := range n.since(0) {
					if line != "discard:checksum" {
						story = append(story, line)
					}
				}
			}
		})
		return story, discarded
	}
	quiet, _ := life(0)
	if len(quiet) < 40 {
		t.Fatalf("a life of %q proves little", quiet)
	}
	for _, every := range []time.Duration{time.Second, 500 * time.Millisecond, 609375 * time.Microsecond / 3, time.Millisecond} {
		disturbed, discarded := life(every)
		if discarded == 0 {
			t.Fatal("nothing was discarded")
		}
		if !slices.Equal(quiet, disturbed) {
			t.Errorf("invalid packets every %v change what happens:\n%q\nwithout them:\n%q", every, disturbed, quiet)
		}
	}
}

// TestMismatches: what another router of our VRID has configured otherwise is
// reported, and kept (RFC 9568, 7.1); an interval discards it in version 2 alone
// (RFC 3768, 7.1).
func TestMismatches(t *testing.T) {
	other := netip.MustParseAddr("192.0.2.200")
	for _, tt := range []struct {
		name      string
		version   uint8
		interval  time.Duration
		addresses []netip.Addr
		want      []string
		kept      bool
	}{
		{"the same", 3, time.Second, []netip.Addr{vip, other}, nil, true},
		{"another order of addresses", 3, time.Second, []netip.Addr{other, vip}, nil, true},
		{"another interval", 3, 2 * time.Second, []netip.Addr{vip, other}, []string{"mismatch:interval"}, true},
		{"fewer addresses", 3, time.Second, []netip.Addr{vip}, []string{"mismatch:addresses"}, true},
		{"other addresses", 3, time.Second, []netip.Addr{vip, addrA}, []string{"mismatch:addresses"}, true},
		{"another interval and other addresses", 3, 2 * time.Second, []netip.Addr{vip}, []string{"mismatch:interval", "mismatch:addresses"}, true},
		{"version 2, another interval", 2, 2 * time.Second, []netip.Addr{vip, other}, []string{"mismatch:interval", "discard:interval"}, false},
		{"version 2, other addresses", 2, time.Second, []netip.Addr{vip}, []string{"mismatch:addresses"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lan := vrrptest.NewLAN()
				n := launch(t, lan, addrA, vrrp.Config{Version: tt.version, Priority: 100, Interval: time.Second}, vip, other)
				mark := n.mark()
				sleep(time.Second)
				n.port.Deliver(vrrp.Packet{Source: addrB, Advertisement: vrrp.Advertisement{VRID: 51, Priority: 200, Interval: tt.interval, Addresses: tt.addresses}})
				synctest.Wait()
				expect(t, "heard", n.since(mark), tt.want...)
				if s := n.stats(); (s.Master == addrB) != tt.kept || (s.Received == 1) != tt.kept {
					t.Errorf("kept: %+v, want %v", s, tt.kept)
				}
				n.stop()
				<-n.stopped
			})
		})
	}
}

// TestMismatchedForms: one who speaks another version is not heard, and named all
// the same, for both will be master; so is one whose checksum has another form
// than the only one we send.
func TestMismatchedForms(t *testing.T) {
	other := func(version uint8, form vrrp.Checksum) vrrp.Packet {
		return vrrp.Packet{Source: addrB, Version: version, Checksum: form, Advertisement: vrrp.Advertisement{VRID: 51, Priority: 200, Interval: time.Second, Addresses: []netip.Addr{vip}}}
	}
	for _, tt := range []struct {
		name string
		ours vrrp.Checksum
		p    vrrp.Packet
		err  error
		want []string
	}{
		{"the same", vrrp.RFC5798, other(3, vrrp.RFC5798), nil, nil},
		{"another checksum", vrrp.RFC5798, other(3, vrrp.RFC9568), nil, []string{"mismatch:checksum"}},
		{"auto follows", vrrp.Unknown, other(3, vrrp.RFC9568), nil, nil},
		{"another version", vrrp.Unknown, other(2, vrrp.Unknown), vrrp.BadVersion, []string{"discard:version", "mismatch:version"}},
		{"no version at all", vrrp.Unknown, other(7, vrrp.Unknown), vrrp.BadVersion, []string{"discard:version"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &node{lan: vrrptest.NewLAN(), source: addrA, stopped: make(chan struct{})}
				n.Router = vrrp.NewRouter(vrrp.Config{Version: 3, Priority: 100, Interval: time.Second}, vrrp.Member{
					Version: 3, VRID: 51, Advertised: []netip.Addr{vip}, Checksum: tt.ours, Addresses: n, Observer: n,
					Dial: func(l vrrp.Link) (vrrp.Conn, error) {
						n.dial(l)
						return failing{n.port, tt.err}, nil
					},
				})
				ctx, cancel := context.WithCancel(t.Context())
				n.SetLinks(vrrp.Link{Index: 2, Source: addrA})
				go func() { defer close(n.stopped); n.Run(ctx) }()
				synctest.Wait()
				mark := n.mark()
				n.port.Deliver(tt.p)
				synctest.Wait()
				expect(t, "heard", n.since(mark), tt.want...)
				cancel()
				<-n.stopped
			})
		})
	}
}

// failing is a Conn all of whose packets fail a check, if there is an error.
type failing struct {
	*vrrptest.Port
	err error
}

func (f failing) Next() (vrrp.Packet, error) {
	p, err := f.Port.Next()
	if err == nil {
		err = f.err
	}
	return p, err
}
