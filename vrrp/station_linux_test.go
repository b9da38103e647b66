package vrrp

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestStation: virtual routers on one link share a socket, and each hears what is
// for it, whoever takes it from the kernel.
func TestStation(t *testing.T) {
	links, in := wire(t)
	var stations [2]Stations
	conns := [2]map[uint8]Conn{{}, {}}
	open := func(side int, vrid uint8) (c Conn, err error) {
		in[side](func() {
			c, err = stations[side].Listen(links[side], Options{Interface: "v0", VRID: vrid, Format: Format{Version: 3}})
		})
		return c, err
	}
	for side := range conns {
		for vrid := uint8(1); vrid <= 40; vrid++ {
			c, err := open(side, vrid)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			conns[side][vrid] = c
		}
	}
	if len(stations[0].open) != 1 {
		t.Fatalf("%d sockets for one link", len(stations[0].open))
	}
	if c, err := open(0, 7); err == nil {
		c.Close()
		t.Error("a VRID was given to two")
	}
	for vrid := uint8(1); vrid <= 40; vrid++ {
		for _, priority := range []uint8{vrid, vrid + 100} {
			if err := conns[0][vrid].Send(Advertisement{vrid, priority, time.Second, []netip.Addr{vip}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for vrid := uint8(40); vrid >= 1; vrid-- { // the last one empties the kernel's queue for all
		for _, priority := range []uint8{vrid, vrid + 100} {
			if p, err := next(t, conns[1][vrid]); err != nil || p.VRID != vrid || p.Priority != priority {
				t.Fatalf("%d heard %+v, %v; want priority %d", vrid, p, err, priority)
			}
		}
		if _, err := conns[1][vrid].Next(); !errors.Is(err, ErrEmpty) {
			t.Fatalf("%d heard more: %v", vrid, err)
		}
	}

	// Who has left hears nothing, and leaves the others alone.
	conns[1][3].Close()
	for _, vrid := range []uint8{3, 4} {
		if err := conns[0][vrid].Send(Advertisement{vrid, 9, time.Second, []netip.Addr{vip}}); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := next(t, conns[1][4]); err != nil || p.Priority != 9 {
		t.Errorf("heard %+v, %v", p, err)
	}
	if err := conns[1][3].Wait(); err == nil {
		t.Error("Wait outlives Close")
	}
	for _, c := range conns[1] {
		c.Close()
	}
	if len(stations[1].open) != 0 {
		t.Error("the socket is still there, and nobody to use it")
	}
}

// opener opens a Conn of a virtual router on a side, until the test ends.
func opener(t *testing.T, links [2]Link, in [2]func(func()), stations *[2]Stations) func(side int, vrid uint8) Conn {
	return func(side int, vrid uint8) (c Conn) {
		t.Helper()
		in[side](func() {
			var err error
			if c, err = stations[side].Listen(links[side], Options{Interface: "v0", VRID: vrid, Format: Format{Version: 3}}); err != nil {
				t.Fatal(err)
			}
		})
		t.Cleanup(func() { c.Close() })
		return c
	}
}

// TestStationQueuesAreBounded: whose queue is full loses what comes, and nobody
// else does.
func TestStationQueuesAreBounded(t *testing.T) {
	links, in := wire(t)
	var stations [2]Stations
	open := opener(t, links, in, &stations)
	flooder, quiet, flooded, patient := open(0, 1), open(0, 2), open(1, 1), open(1, 2)
	for range 2 * maxQueue {
		if err := flooder.Send(Advertisement{1, 1, time.Second, []netip.Addr{vip}}); err != nil {
			t.Fatal(err)
		}
		patient.Next() // has everything moved
	}
	if err := quiet.Send(Advertisement{2, 1, time.Second, []netip.Addr{vip}}); err != nil {
		t.Fatal(err)
	}
	if p, err := next(t, patient); err != nil || p.VRID != 2 {
		t.Errorf("heard %+v, %v", p, err)
	}
	n := 0
	for ; ; n++ {
		if _, err := flooded.Next(); err != nil {
			break
		}
	}
	if n != maxQueue {
		t.Errorf("%d packets were kept, want %d", n, maxQueue)
	}
}

// TestStationLeavesOutTheSurplus: of packets that cannot move a master it keeps a few
// for each of its drains, and all of the others.
func TestStationLeavesOutTheSurplus(t *testing.T) {
	links, in := wire(t)
	var stations [2]Stations
	var conns [2]Conn
	for side := range conns {
		var err error
		in[side](func() {
			conns[side], err = stations[side].Listen(links[side], Options{Interface: "v0", VRID: 1, Format: Format{Version: 3}})
		})
		if err != nil {
			t.Fatal(err)
		}
		defer conns[side].Close()
	}
	const minor = 100
	said := func(priority uint8) {
		t.Helper()
		if err := conns[0].Send(Advertisement{1, priority, time.Second, []netip.Addr{vip}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, round := range []struct {
		below         uint8
		kept, surplus int
	}{{minor, maxMinor + 3, 2*minor - maxMinor}, {0, 2*minor + 3, 0}} {
		conns[1].Begin(round.below)
		for i := range 2 * minor {
			said(uint8(1 + i%(minor-1)))
		}
		for _, priority := range []uint8{0, minor, 200} {
			said(priority)
		}
		var last uint8
		kept := 0
		for {
			p, err := conns[1].Next()
			if errors.Is(err, ErrEmpty) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			last, kept = p.Priority, kept+1
		}
		surplus := conns[1].Begin(round.below)
		if kept != round.kept || surplus != round.surplus || last != 200 || conns[1].Begin(0) != 0 {
			t.Errorf("below %d: kept %d, left out %d, the last of %d; want %+v", round.below, kept, surplus, last, round)
		}
	}
}

// TestKernelKeepsForeignVRIDs: what is for virtual routers that are not there never
// comes out of the kernel, before and after others came and went.
func TestKernelKeepsForeignVRIDs(t *testing.T) {
	for family, lay := range map[string]func(*testing.T) ([2]Link, [2]func(func())){"IPv4": wire, "IPv6": wire6} {
		t.Run(family, func(t *testing.T) {
			links, in := lay(t)
			var stations [2]Stations
			open := opener(t, links, in, &stations)
			address := vip
			if family == "IPv6" {
				address = netip.MustParseAddr("fe80::100")
			}
			sender, hearer := open(0, 1), open(1, 1).(*socket)
			// read sends of many, of the first one last, and takes all from the kernel
			// with nobody else looking.
			read := func() (vrids []uint8) {
				t.Helper()
				stations[1].mu.Lock()
				defer stations[1].mu.Unlock()
				for _, vrid := range []uint8{2, 3, 4, 255, 1} {
					if err := sender.Send(Advertisement{vrid, 100, time.Second, []netip.Addr{address}}); err != nil {
						t.Fatal(err)
					}
				}
				for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
					h, err := hearer.station.receive()
					if err != nil {
						time.Sleep(time.Millisecond)
						continue
					}
					vrid, _ := hearer.station.octet(h.message, 1)
					if vrids = append(vrids, vrid); vrid == 1 {
						return vrids
					}
				}
				t.Fatalf("the kernel gave %v, and none of 1", vrids)
				return nil
			}
			for _, then := range []struct {
				when string
				act  func()
				want []uint8
			}{
				{"alone", func() {}, []uint8{1}},
				{"beside another", func() { open(1, 3) }, []uint8{3, 1}},
				{"after it left", func() { hearer.station.sockets[3].Close() }, []uint8{1}},
			} {
				then.act()
				if got := read(); !slices.Equal(got, then.want) {
					t.Errorf("%s the kernel let through %v, want %v", then.when, got, then.want)
				}
			}
		})
	}
}
