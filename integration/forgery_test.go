package integration

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// stranger is an advertisement for the lab's virtual router that is valid in
// every respect, changed as told.
func stranger(change func(*lab.Advert)) []byte {
	a := lab.Advert{
		Source: netip.MustParseAddr("192.0.2.99"), Destination: netip.MustParseAddr("224.0.0.18"),
		TTL: 255, Version: 3, Type: 1, VRID: lab.VRID, Priority: 200, Interval: time.Second,
		Addresses: []netip.Addr{lab.VIP.Addr(), lab.Gateway.Addr()},
	}
	change(&a)
	return lab.AdvertFrame(net.HardwareAddr{2, 0, 0, 0, 0, 99}, a)
}

// invalid are advertisements that must be discarded, by the name of the reason.
// Each would make the master yield if it were believed.
var invalid = map[string][]byte{
	"checksum":    stranger(func(a *lab.Advert) { a.Checksum = 0xbad }),
	"ttl":         stranger(func(a *lab.Advert) { a.TTL = 254 }),
	"version":     stranger(func(a *lab.Advert) { a.Version = 2 }),
	"type":        stranger(func(a *lab.Advert) { a.Type = 2 }),
	"count":       stranger(func(a *lab.Advert) { a.Addresses = nil }),
	"interval":    stranger(func(a *lab.Advert) { a.Interval = 0 }),
	"destination": stranger(func(a *lab.Advert) { a.Destination = lab.DirectorAddress["lb1"].Addr() }),
	"length":      truncated(stranger(func(*lab.Advert) {})),
}

// truncated takes the last address from an advertisement that still counts it,
// and makes the IPv4 header (RFC 791, 3.1) right again.
func truncated(frame []byte) []byte {
	const ethernet, header, address = 14, 20, 4
	frame = frame[:len(frame)-address]
	ip := frame[ethernet:][:header]
	binary.BigEndian.PutUint16(ip[2:], uint16(len(frame)-ethernet))
	binary.BigEndian.PutUint16(ip[10:], 0)
	var sum uint32
	for i := 0; i < header; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum>>16+sum&0xffff))
	return frame
}

// only is the one director to which a kind is addressed; empty: both.
func only(reason string) string {
	if reason == "destination" {
		return "lb1"
	}
	return ""
}

// foreign counts the reports of discarded packets by reason: events, and
// packets they stand for.
func foreign(h *lab.Hald) (events, packets map[string]int) {
	events, packets = map[string]int{}, map[string]int{}
	for _, e := range h.Events() {
		if e.Name == "vrrp.foreign" {
			var more struct{ Count int }
			json.Unmarshal([]byte(e.Line), &more)
			events[e.Reason]++
			packets[e.Reason] += more.Count
		}
	}
	return events, packets
}

// between are the adverts of lb1 from start to end.
func between(l *lab.Lab, capture *lab.Capture, start, end time.Time) []lab.Frame {
	// The capture may lag behind: what comes after the end is waited for.
	l.Eventually(settle, "an advert after the end", func() bool { return len(capture.Adverts("lb1", end)) > 0 })
	return slices.DeleteFunc(capture.Adverts("lb1", start), func(f lab.Frame) bool { return f.Time.After(end) })
}

// punctual checks that a master advertised all the while. A late advert shifts
// no other, so that their number tells of every one that was withheld; the
// machine may have slept for one.
func punctual(t *testing.T, adverts []lab.Frame, interval, during time.Duration) {
	t.Helper()
	var longest time.Duration
	for i := 1; i < len(adverts); i++ {
		longest = max(longest, adverts[i].Time.Sub(adverts[i-1].Time))
	}
	want := int(during / interval)
	t.Logf("%d of %d adverts in %v, longest pause %v", len(adverts), want, during.Round(time.Millisecond), longest)
	if len(adverts) < want-1 || longest > interval+machineStall {
		t.Errorf("%d of %d adverts in %v, longest pause %v", len(adverts), want, during, longest)
	}
}

// TestR22InvalidPackets: packets that must be discarded change nothing, at the
// rhythm of the adverts and in bursts; they are counted and reported.
func TestR22InvalidPackets(t *testing.T) {
	t.Parallel()
	const (
		period = 500 * time.Millisecond
		during = 20 * time.Second
	)
	l := lab.New(t)
	c := lab.Cluster{Services: lab.EachMethod, Check: patient}
	s := office(t, l, c, l.Hald("lb1", c), l.Hald("lb2", c))
	lb1, lb2, client, capture, owners := s.lb1, s.lb2, s.client, s.wire, s.owners
	sent := map[string]map[string]int{"lb1": {}, "lb2": {}}
	inject := func(reason string, frames ...[]byte) {
		l.Inject(frames...)
		for _, name := range lab.Directors {
			if to := only(reason); to == "" || to == name {
				sent[name][reason] += len(frames)
			}
		}
	}
	transitions := map[string]int{}
	for _, h := range []*lab.Hald{lb1, lb2} {
		transitions[h.Name()] = documentOf(t, h).Instances[0].Transitions
	}
	start := time.Now()
	beat := time.NewTicker(period)
	defer beat.Stop()
	for i := 1; i <= int(during/period); i++ {
		<-beat.C
		for reason, frame := range invalid {
			inject(reason, frame)
			if i%10 == 0 {
				inject(reason, slices.Repeat([][]byte{frame}, 5)...) // a burst that the bridge has room for
			}
		}
	}
	end := time.Now()
	adverts := between(l, capture, start, end.Add(time.Second/2)) // the last may be late
	history := owners.Ownership().Since(start)
	samples := client.Stop().Since(start)

	if want := int(during / time.Second); len(adverts) < want {
		t.Errorf("%d of %d adverts", len(adverts), want)
	}
	punctual(t, adverts, time.Second, end.Sub(start))
	undisturbed(t, samples)
	if history.Transfers() > 0 || history.None(end) > 0 || len(capture.Adverts("lb2", start)) > 0 {
		t.Errorf("invalid packets moved the address: %v", history)
	}
	for _, h := range []*lab.Hald{lb1, lb2} {
		total := 0
		for _, n := range sent[h.Name()] {
			total += n
		}
		time.Sleep(time.Second) // status is as old as that
		if i := documentOf(t, h).Instances[0]; i.AdvertsDiscarded != total || i.Transitions != transitions[h.Name()] {
			t.Errorf("%s discarded %d of %d packets; transitions: %d, before %d", h.Name(), i.AdvertsDiscarded, total, i.Transitions, transitions[h.Name()])
		}
		events, packets := foreign(h)
		t.Logf("%s: %d packets, events %v for %v packets", h.Name(), total, events, packets)
		for reason, n := range sent[h.Name()] {
			if most := int(end.Sub(start)/(10*time.Second)) + 1; events[reason] < 1 || events[reason] > most || packets[reason] > n {
				t.Errorf("%s reported %q %d times (1 to %d) for %d of %d packets", h.Name(), reason, events[reason], most, packets[reason], n)
			}
			delete(events, reason)
		}
		if len(events) > 0 {
			t.Errorf("%s reported what was not sent: %v", h.Name(), events)
		}
	}
	s.audit("lb1")
}

// TestR22Flood: however many packets come, invalid or of a lower priority, the
// master's adverts go on; answers, announcements and log lines are few.
func TestR22Flood(t *testing.T) {
	l := lab.New(t)
	c := lab.Cluster{Services: lab.EachMethod, Check: patient}
	s := office(t, l, c, l.Hald("lb1", c), l.Hald("lb2", c))
	lb1, lb2, client, capture, owners := s.lb1, s.lb2, s.client, s.wire, s.owners
	time.Sleep(6 * time.Second) // the announcements of the takeover are over
	lines := len(lb1.Process().Lines()) + len(lb2.Process().Lines())
	start := time.Now()
	const flood = 2000
	sent := 0
	frames := slices.Collect(maps.Values(invalid))
	for ; sent < flood; sent += len(invalid) + 1 {
		// A forger of low priority says something else every time.
		l.Inject(append(frames, stranger(func(a *lab.Advert) {
			a.Priority = uint8(1 + sent%90)
			a.Interval = time.Duration(1+sent%4000) * 10 * time.Millisecond
			a.Source = netip.AddrFrom4([4]byte{192, 0, 2, byte(150 + sent%100)})
			a.Addresses = a.Addresses[:1+sent%2]
		}))...)
	}
	end := time.Now()
	seconds := int(end.Sub(start)/time.Second) + 1
	adverts := between(l, capture, start, end)
	announced := map[netip.Addr]int{}
	for _, f := range capture.Announcements("lb1", start) {
		announced[f.ARP.SenderIP]++
	}
	history := owners.Ownership().Since(start)
	samples := client.Stop().Since(start)
	written := len(lb1.Process().Lines()) + len(lb2.Process().Lines()) - lines

	t.Logf("%d packets in %v: %d adverts, announcements %v, %d log lines", sent, end.Sub(start), len(adverts), announced, written)
	punctual(t, adverts, time.Second, end.Sub(start))
	if len(adverts) > 4*(seconds+1) {
		t.Errorf("%d adverts, want at most three answers to each regular one", len(adverts))
	}
	for address, n := range announced {
		if n > 20+seconds/2 {
			t.Errorf("%v was announced %d times in %d s", address, n, seconds)
		}
	}
	if written > 100 {
		t.Errorf("%d log lines", written)
	}
	if history.Transfers() > 0 || history.None(end) > 0 {
		t.Errorf("the flood moved the address: %v", history)
	}
	undisturbed(t, samples)
	if out, status := lb1.Command("status"); status != 0 || !strings.Contains(out, "master") {
		t.Errorf("status after the flood: %d, %s", status, out)
	}
	s.audit("lb1")
}

// TestR25ForgedAdvert: a single forged advert that is valid in every respect is
// obeyed, for nothing tells it from a true one; but it cannot make the directors
// wait for as long as it says.
func TestR25ForgedAdvert(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 100 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	if *full {
		c.Interval = time.Second
	}
	s := office(t, l, c, l.Hald("lb1", c), l.Hald("lb2", c))
	machine := watchTheMachine(t)
	start := time.Now()
	l.Inject(stranger(func(a *lab.Advert) { a.Priority, a.Interval = 255, 40950*time.Millisecond }))
	l.Eventually(settle, "lb1 yields", func() bool { return !l.Holds("lb1", lab.VIP) })
	l.AwaitMaster("lb1", 35*c.Interval+settle)
	machine.leave()
	history := s.owners.Ownership().Since(start)
	t.Logf("since the forged advert: %v", history)
	for i, tenure := range history {
		// The last word of lb1 has its own interval: so long lb2 waits.
		if len(tenure.Owners) == 0 {
			machine.within(t, "no owner", tenure.From, tenure.To, c.DownInterval("lb2")+late)
		}
		// lb1 has learned ten of its own intervals, and waits 34.1 of them.
		if i == len(history)-1 {
			machine.within(t, "lb1 is master again", start, tenure.From, 35*c.Interval+late)
		}
	}
	s.audit("lb1")
}
