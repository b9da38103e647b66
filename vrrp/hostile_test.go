package vrrp

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"
	"unsafe"
)

// FuzzMachine feeds a machine any sequence of events, as lawful as a router makes
// them, and holds every step against what must hold whatever happens.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{3, 100, 0, 0, 0, 0, 5, 0, 1, 3, 200, 1, 4, 0, 1, 8, 0, 1})
	f.Add([]byte{2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 3 {
			return
		}
		cfg := testConfig()
		cfg.Version, cfg.Priority = 2+script[0]%2, max(1, script[1])%255
		cfg.Priority = max(1, cfg.Priority)
		cfg.NoPreempt = script[2]&1 == 1
		cfg.PreemptDelay = time.Duration(script[2]>>1) * time.Second
		p := plan{version: cfg.Version, links: 1, nodes: []Config{cfg}, ppm: []int64{0}, delay: time.Millisecond}
		s := p.world()
		n := s.nodes[0]
		n.start()
		for script = script[3:min(len(script), 600)]; len(script) > 2 && s.failed == nil; script = script[3:] {
			what, a, b := script[0]%16, script[1], script[2]
			s.run(time.Duration(b) * cfg.Interval / 64)
			switch tr := (trouble{what: faults[int(what)%len(faults)], number: max(1, a) % 255, side: uint64(a)<<8 | uint64(b)}); {
			case what < 8: // a packet
				from := netip.AddrFrom4([4]byte{192, 0, 2, 8 + b%5})
				interval := cfg.Interval * time.Duration(1+b>>3)
				if cfg.Version == 2 {
					interval = cfg.Interval
				}
				if !n.alive || n.paused || from == n.source[0] {
					continue
				}
				heard := advert(from, a, interval)
				heard.Local = n.source[0]
				n.wake(heard)
			case tr.what == "priority" && tr.number == 0:
			default:
				s.begin(&tr)
			}
		}
		if s.failed != nil {
			t.Fatal(s.failed)
		}
	})
}

// TestHostileInputLeavesNothing: whatever is heard, a machine stays as large as it
// was: the one thing that grows has a place for each member and no more.
func TestHostileInputLeavesNothing(t *testing.T) {
	for i := range reflect.TypeFor[Machine]().NumField() {
		f := reflect.TypeFor[Machine]().Field(i)
		if k := f.Type.Kind(); f.Name != "masters" && (k == reflect.Slice || k == reflect.Map || k == reflect.Chan || k == reflect.Pointer) {
			t.Errorf("Machine.%s can grow with what is heard", f.Name)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	m := at(t, Backup, testConfig())
	for i := range 100_000 {
		from := netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)})
		m.Step(epoch.Add(time.Duration(i)*time.Microsecond), advert(from, uint8(i), time.Second))
	}
	if len(m.masters) > 1 {
		t.Errorf("%d masters are remembered on one link", len(m.masters))
	}
	m = at(t, Master, testConfig())
	addresses := make([]netip.Addr, MaxAddresses)
	for i := range addresses {
		addresses[i] = vip
	}
	b, err := v3.AppendPacket(nil, Advertisement{51, 50, time.Second, addresses}, above, Group4)
	if err != nil {
		t.Fatal(err)
	}
	for _, spoil := range []bool{false, true} {
		most := testing.AllocsPerRun(1000, func() {
			if spoil {
				b[20+rng.IntN(len(b)-20)]++
			}
			if p, err := v3.ParseIPv4(b); err == nil {
				m.Step(epoch.Add(time.Second/2), Heard{Packet: p, Local: local})
			}
		})
		if most > 8 {
			t.Errorf("%.0f allocations a packet, spoiled: %v", most, spoil)
		}
	}
}

// stepped is a time whose wall clock was set, and whose monotonic clock, of
// course, was not: the layout is that of time.Time.
func stepped(t time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(by/time.Second) << 30
	return t
}

// TestWallClockSteps: setting the clock by hours to and fro changes nothing.
func TestWallClockSteps(t *testing.T) {
	origin := time.Now()
	if d := stepped(origin, time.Hour); d.Sub(origin) != 0 || d.Round(0).Sub(origin.Round(0)) != time.Hour {
		t.Fatal("time.Time is not laid out as this test believes")
	}
	live := func(step time.Duration) (deadlines []time.Duration, states []State) {
		cfg := testConfig()
		cfg.PreemptDelay = 10 * time.Second
		m := NewMachine(cfg)
		rng := rand.New(rand.NewPCG(7, 7))
		m.Step(origin, Startup{})
		for i := range 20_000 {
			now := stepped(origin.Add(time.Duration(i)*100*time.Millisecond), step*time.Duration(rng.IntN(3)-1))
			switch k := rng.IntN(200); {
			case k == 0:
				m.Step(now, Yield{})
			case k == 1:
				m.Step(now, TakeBack{})
			case k < 8:
				m.Step(now, advert(above, uint8(rng.IntN(256)), time.Second))
			default:
				m.Step(now, Timeout{})
			}
			states = append(states, m.State())
			deadlines = append(deadlines, m.Deadline().Sub(origin))
		}
		return deadlines, states
	}
	deadlines, states := live(0)
	d, s := live(time.Hour)
	if !reflect.DeepEqual(deadlines, d) || !reflect.DeepEqual(states, s) {
		t.Error("another life with a clock that is set")
	}
}
