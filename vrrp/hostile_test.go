package vrrp

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"
)

// FuzzMachine feeds two machines that hear each other any sequence of events, as
// lawful as a router makes them, and holds every step against what must hold
// whatever happens.
func FuzzMachine(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 3 {
			return
		}
		cfg := testConfig()
		cfg.Version, cfg.Priority = 2+script[0]%2, max(1, script[1]%255)
		cfg.NoPreempt = script[2]&1 == 1
		cfg.PreemptDelay = time.Duration(script[2]>>1) * time.Second
		peer := testConfig()
		peer.Version = cfg.Version
		p := plan{version: cfg.Version, links: 1, nodes: []Config{cfg, peer}, ppm: []int64{0, 0}, delay: time.Millisecond}
		s := p.world()
		for script = script[3:min(len(script), 600)]; len(script) > 2 && s.failed == nil; script = script[3:] {
			s.run(time.Duration(script[2]) * cfg.Interval / 64)
			switch tr := deed([3]byte(script)); tr.what {
			case "packet":
				s.hear(script[1], script[2])
			case "heal":
				s.heal()
			default:
				s.begin(&tr)
			}
		}
		if s.failed != nil {
			t.Fatal(s.failed)
		}
	})
}

// packets is how many of the first bytes of a deed stand for a packet, one for the
// healing, and one for each fault.
const packets = 7

// deed is what three bytes of a script stand for.
func deed(script [3]byte) trouble {
	kinds := packets + 1 + len(faults)
	what, a, b := int(script[0])%kinds, script[1], script[2]
	switch {
	case what < packets:
		return trouble{what: "packet"}
	case what == packets:
		return trouble{what: "heal"}
	}
	return trouble{
		what: faults[what-packets-1], node: int(script[0]) / kinds % 2, number: max(1, a%Owner), share: float64(b) / 256,
		side: uint64(b)<<16 | uint64(a)<<8 | uint64(b),
	}
}

// hear has the first node hear an advert of a priority, from one of five addresses,
// its own left out.
func (s *simulation) hear(priority, b uint8) {
	n := s.nodes[0]
	p := advert(netip.AddrFrom4([4]byte{192, 0, 2, 8 + b%5}), priority, n.cfg.Interval).Packet
	if n.cfg.Version == 3 {
		p.Interval *= time.Duration(1 + b>>3)
	}
	if p.Source != n.source[0] {
		s.happen(event{kind: arrives, from: 7, packet: &p})
	}
}

// fuzzSeeds are a few scripts, and one for each fault: in a settled pair, healed
// after it.
func fuzzSeeds() (seeds [][]byte) {
	seeds = [][]byte{
		{3, 100, 0, 0, 0, 0, 5, 0, 1, 3, 200, 1, 4, 0, 1, 8, 0, 1},
		{2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	}
	for i := range faults {
		what := byte(packets + 1 + i)
		seeds = append(seeds, []byte{3, 150, 0, 0, 1, 255, what, 50, 255, 0, 200, 100, packets, 0, 255, 0, 1, 255})
	}
	return seeds
}

// TestFuzzReachesEveryFault: the scripts of FuzzMachine can say everything that the
// simulation's plans can, of either node, and its seeds do say all of it.
func TestFuzzReachesEveryFault(t *testing.T) {
	said, sown := map[trouble]bool{}, map[string]bool{}
	for first := range 256 {
		tr := deed([3]byte{byte(first)})
		said[trouble{what: tr.what, node: tr.node}] = true
	}
	for _, seed := range fuzzSeeds() {
		for seed = seed[3:]; len(seed) > 2; seed = seed[3:] {
			sown[deed([3]byte(seed)).what] = true
		}
	}
	for _, what := range append([]string{"packet", "heal"}, faults...) {
		for node := range 2 {
			if known := slices.Contains(faults, what); known && !said[trouble{what: what, node: node}] {
				t.Errorf("no script says %q of node %d", what, node)
			}
		}
		if !sown[what] {
			t.Errorf("no seed says %q", what)
		}
	}
}

// TestHostileInputLeavesNothing: whatever is heard, a machine stays as large as it
// was: what grows has a place for each member and no more.
func TestHostileInputLeavesNothing(t *testing.T) {
	for i := range reflect.TypeFor[Machine]().NumField() {
		f := reflect.TypeFor[Machine]().Field(i)
		if k := f.Type.Kind(); f.Name != "masters" && f.Name != "words" && (k == reflect.Slice || k == reflect.Map || k == reflect.Chan || k == reflect.Pointer) {
			t.Errorf("Machine.%s can grow with what is heard", f.Name)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	m := at(t, Backup, testConfig())
	for i := range 100_000 {
		from := netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)})
		m.Step(epoch.Add(time.Duration(i)*time.Microsecond), advert(from, uint8(i), time.Second))
	}
	if len(m.masters) > 1 || len(m.words) > 1 {
		t.Errorf("%d masters and %d words are remembered on one link", len(m.masters), len(m.words))
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
