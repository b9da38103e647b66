package integration

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// duel is a pair that a loss of adverts makes two masters of.
type duel struct {
	*scene
	began  time.Time // when adverts began to be lost
	second time.Time // when the other one claimed
}

// fight loses adverts until lb2 is master too.
func (s *scene) fight(losses ...lab.Loss) duel {
	s.t.Helper()
	d := duel{scene: s, began: time.Now()}
	s.Lose(losses...)
	s.Eventually(settle, "lb2 holds the VIP too", func() bool { return s.Holds("lb2", lab.VIP) })
	s.Eventually(settle, "lb2 says that it is master", func() bool {
		for _, f := range s.wire.Adverts("lb2", d.began) {
			if f.Advert.Priority > 0 {
				d.second = f.Time
				return true
			}
		}
		return false
	})
	return d
}

// told waits until lb1 tells of the beginning or the end of a split with lb2.
func (d duel) told(reason string) entry {
	d.t.Helper()
	e := d.lb1.AwaitEvent(settle, reason+" of the split", func(e lab.Event) bool {
		return e.Name == "vrrp.split" && e.Reason == reason && parsed(e).TS.After(d.began)
	})
	if who := lab.DirectorAddress["lb2"].Addr().String(); e.Peer != who {
		d.t.Errorf("lb1 told of a split with %q, want %s: %s", e.Peer, who, e.Line)
	}
	return parsed(e)
}

// toldHowLong waits until lb1 tells of the end: the split lasted from the first to the
// last that could be heard of lb2 as a master, since an instant.
func (d duel) toldHowLong(since time.Time) {
	d.t.Helper()
	e := d.told("end")
	var first, last time.Time
	for _, f := range d.wire.Adverts("lb2", since) {
		if f.Advert.Priority == 0 {
			continue
		}
		if last = f.Time; first.IsZero() {
			first = last
		}
	}
	said, was := time.Duration(e.DurationMS*float64(time.Millisecond)), last.Sub(first)
	d.t.Logf("the split lasted %v, lb1 says %v", was.Round(time.Millisecond), said)
	if said < was-machineStall || said > was+machineStall {
		d.t.Errorf("lb1 told that the split lasted %v, by lb2's adverts it was %v", said, was)
	}
}

// announced is how many frames of a director announced the VIP since the duel
// began.
func (d duel) announced(director string) (n int) {
	for _, f := range d.wire.Announcements(director, d.began) {
		if f.ARP.SenderIP == lab.VIP.Addr() {
			n++
		}
	}
	return n
}

// TestR08Partition: two halves have a master each for fifteen seconds; when they
// meet, one advert decides, and who stays says so to the clients of the other one.
// Both tell of it, as soon as they can know.
func TestR08Partition(t *testing.T) {
	s := begin(t, lab.Cluster{Interval: time.Second})
	d := s.fight(lab.Loss{From: "lb1", To: "lb2"}, lab.Loss{From: "lb2", To: "lb1"})
	time.Sleep(time.Until(d.began.Add(15 * time.Second)))
	healed := time.Now()
	s.Deliver()
	u := s.turns("lb1", func() {})
	if len(s.wire.Announcements("lb1", healed)) == 0 {
		t.Error("lb1 did not announce the address again")
	}
	both := s.owners.Ownership().Since(healed).Both(time.Now())
	figures{both}.within(t, "two owners after the partition", s.cluster.Interval+late)
	figures{u.gap.Length()}.within(t, "gap", s.cluster.Interval+oneUpdate)
	if told := d.told("start").TS.Sub(healed); told > s.cluster.Interval+busy(s.client.Since(healed)) {
		t.Errorf("lb1 told of the second master %v after it could hear it", told)
	}
	d.toldHowLong(healed)
	yielded := parsed(s.lb2.AwaitEvent(settle, "lb2 yields", func(e lab.Event) bool {
		return e.Name == "vrrp.transition" && e.From == "master" && e.To == "backup" && parsed(e).TS.After(healed)
	})).TS.Sub(healed)
	if yielded > s.cluster.Interval+busy(s.client.Since(healed)) {
		t.Errorf("lb2 told that it yields %v after it could hear the other", yielded)
	}
	if u.none() > 0 {
		t.Errorf("nobody had the address for %v", u.none())
	}
	s.audit("lb1")
}

// TestR09DeafBackup: a backup that hears nothing for fifteen seconds becomes a
// second master. The first one hears it, says so at once, contradicts its
// announcements and so keeps the clients, without flooding the link.
func TestR09DeafBackup(t *testing.T) {
	s := begin(t, lab.Cluster{Interval: time.Second})
	s.deaf = s.lb2
	time.Sleep(6 * time.Second) // the announcements of the takeover are over
	before := map[string]int{"lb1": s.connections("lb1"), "lb2": s.connections("lb2")}
	d := s.fight(lab.Loss{From: "lb1", To: "lb2", Match: lab.VRRP})
	time.Sleep(12 * time.Second)
	samples := s.client.Since(d.began)
	share := func(h string) int { return s.connections(h) - before[h] }
	right, wrong := share("lb1"), share("lb2")
	t.Logf("connections: %d by lb1, %d by lb2; %d requests lost", right, wrong, samples.Lost())
	if wrong*100 > right+wrong {
		t.Errorf("%d connections went to the deaf one, %d to the other: want 99 %% on one", wrong, right)
	}
	for _, name := range lab.Directors {
		if n := d.announced(name); n > 20 {
			t.Errorf("%s announced the VIP by %d frames, want at most 20", name, n)
		}
	}
	if told := d.told("start").TS.Sub(d.second); told > s.cluster.Interval+busy(samples) {
		t.Errorf("lb1 told of the second master %v after its first advert", told)
	}
	if samples.Lost() > len(samples)/50 {
		t.Errorf("%d of %d requests were lost", samples.Lost(), len(samples))
	}
	if len(conflicts(s.lb2)) != 1 {
		t.Errorf("the deaf one told %d times that the other one still has the addresses, want once", len(conflicts(s.lb2)))
	}
	s.turns("lb1", s.Deliver)
	d.toldHowLong(d.began)
	s.audit("lb1")
}

// TestR10Duel: the clients that a short second master drew to itself are with
// the first one again within the interval in which it is heard.
func TestR10Duel(t *testing.T) {
	s := begin(t, lab.Cluster{Interval: time.Second})
	var gaps figures
	for range tries {
		s.fight(lab.Loss{From: "lb1", To: "lb2", Match: lab.VRRP})
		u := s.turns("lb1", s.Deliver)
		gaps = append(gaps, u.gap.Length())
		s.awaitLastWord("lb1")
	}
	gaps.within(t, "gap", s.cluster.Interval+s.cluster.Interval/10)
	s.audit("lb1")
}

// awaitLastWord waits until a director was the last to announce the addresses:
// after many duels its budget of announcements may let it wait.
func (s *scene) awaitLastWord(director string) {
	s.t.Helper()
	s.Eventually(settle, director+" has the last word, within the budget of announcements", func() bool {
		for _, who := range s.announcers() {
			if who != director {
				return false
			}
		}
		return true
	})
}

// connections are those that a director's IPVS has taken for the DR service.
func (s *scene) connections(director string) int {
	s.t.Helper()
	for line := range strings.Lines(s.Run(director, "ipvsadm", "-L", "-n", "--stats", "--exact")) {
		if words := strings.Fields(line); len(words) > 2 && strings.HasSuffix(words[1], ":"+strconv.Itoa(lab.PortDR)) && words[0] == "TCP" {
			n, err := strconv.Atoi(words[2])
			if err != nil {
				s.t.Fatal(err)
			}
			return n
		}
	}
	s.t.Fatalf("%s has no DR service", director)
	return 0
}
