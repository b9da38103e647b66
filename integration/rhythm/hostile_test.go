//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The virtual routers of the scene, by their numbers.
const young, old, six, signed = 1, 2, 3, 4

var virtual6 = net.ParseIP("2001:db8::3")

// scene is the configuration of four virtual routers, each of another way of
// speaking.
func scene(interval time.Duration) string {
	text := "cluster \"rhythm\" {\n  director \"lb1\" {}\n  director \"lb2\" {}\n}\n"
	for vrid, more := range map[int]string{
		young:  fmt.Sprintf("advertisement_interval = %q\n virtual_addresses = [\"%s/32\"]", interval, virtual(young)),
		old:    fmt.Sprintf("version = 2\n virtual_addresses = [\"%s/32\"]", virtual(old)),
		six:    fmt.Sprintf("advertisement_interval = %q\n virtual_addresses = [\"%s/128\"]", interval, virtual6),
		signed: fmt.Sprintf("advertisement_interval = %q\n virtual_addresses = [\"%s/32\"]\n authentication {\n type = \"hmac-sha256\"\n key = %q\n }", interval, virtual(signed), strings.Repeat("k", 32)),
	} {
		text += fmt.Sprintf("vrrp_instance \"v%d\" {\n interface = \"eth0\"\n virtual_router_id = %d\n priority = { lb1 = %d, lb2 = %d }\n %s\n}\n",
			vrid, vrid, priority("lb1"), priority("lb2"), more)
	}
	return text
}

// holding is what a director's processes hold, and have used and said.
type holding struct {
	used
	threads, files, lines int
}

func (p *pair) holding(director string) (h holding) {
	h.used, h.lines = usage(p.daemons[director].Process.Pid), len(p.log(director))
	for _, pid := range h.pids {
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		h.threads, h.files = h.threads+len(tasks), h.files+len(files)
	}
	return h
}

// TestHostilePackets: ten thousand malformed and hostile packets at a live master and
// a live backup of four virtual routers. Nobody changes state, adverts keep their
// rhythm, and what a director holds after the second ten thousand is what it held
// after the first.
func TestHostilePackets(t *testing.T) {
	const packets, interval, most = 10_000, 100 * time.Millisecond, 20 * time.Millisecond
	p := startPair(t, scene(interval))
	p.await(t, directors[0], 4, `"event":"vrrp.transition"`, `"to":"master"`)
	time.Sleep(2 * time.Second) // the first announcements are over
	lines := map[string]int{}
	for _, director := range directors {
		lines[director] = len(p.log(director))
	}
	send := func() { // the same every time
		c := craft{rand.New(rand.NewPCG(1, 3))}
		for i := range packets {
			frame := kinds[i%len(kinds)](c)
			for _, director := range directors {
				p.wires[director].send(t, frame)
			}
			if i%10 == 9 {
				time.Sleep(2 * time.Millisecond)
			}
		}
	}
	send()
	begun, before, from := map[string]document{}, map[string]holding{}, time.Now()
	for _, director := range directors {
		begun[director], before[director] = p.status(t, director), p.holding(director)
	}
	// Others use the machine: a late advert of hald's making is late in every round.
	rounds, worst := 0, time.Duration(0)
	for begin := time.Now(); rounds < 3 && (rounds == 0 || worst > interval*3/2+most); begin = time.Now() {
		send()
		end := time.Now()
		time.Sleep(witnessDelay)
		seen, err := readCapture(filepath.Join(p.folder, "capture"), rightful(0), begin, end)
		if err != nil {
			t.Fatal(err)
		}
		rounds, worst = rounds+1, seen.quantile(1)
		if least := int(end.Sub(begin)/interval) - 1; len(seen.takeovers) > 0 || len(seen.gaps) < least {
			t.Errorf("%d takeovers; %d adverts, want at least %d", len(seen.takeovers), len(seen.gaps), least)
		}
	}
	if worst > interval*3/2+most {
		t.Errorf("in each of %d rounds there was no advert for %v", rounds, worst)
	}
	for _, director := range directors {
		b, a := before[director], p.holding(director)
		cpu, whole := a.since(b.used)
		cpu, said := cpu/time.Duration(rounds*packets), len(p.log(director))-lines[director]
		t.Logf("%s: %v of processor time a packet, %d threads (%d before), %d descriptors (%d), %d KiB (%d), %d lines; at most %v without an advert",
			director, cpu, a.threads, b.threads, a.files, b.files, a.memory>>10, b.memory>>10, said, worst)
		switch {
		case !whole:
			t.Errorf("%s: a process was replaced", director)
		case cpu > 200*time.Microsecond:
			t.Errorf("%s: %v of processor time a packet", director, cpu)
		case a.memory > b.memory+3<<20 || a.files > b.files+1 || a.threads > b.threads+len(a.pids): // the runtime has threads of its own
			t.Errorf("%s grows: from %+v to %+v", director, b, a)
		case said > 100:
			t.Errorf("%s: %d lines", director, said)
		}
		passed := time.Since(from)
		for i, now := range p.status(t, director).VRRPInstances {
			was := begun[director].VRRPInstances[i]
			if now.State != was.State || now.Transitions != was.Transitions || now.State != map[string]string{"lb1": "master", "lb2": "backup"}[director] {
				t.Errorf("%s: %s is %s after %d transitions, was %s after %d", director, now.Name, now.State, now.Transitions, was.State, was.Transitions)
			}
			if now.Discarded-was.Discarded < 500*rounds { // ten thousand are for all four, and for others
				t.Errorf("%s: %s discarded %d packets", director, now.Name, now.Discarded-was.Discarded)
			}
			every := interval
			if now.Name == fmt.Sprintf("v%d", old) {
				every = time.Second
			}
			sent, least, up := now.Sent-was.Sent, int((passed-2*time.Second)/every), int((passed+2*time.Second)/every) // a status is as old as a second
			if now.State == "master" && (sent < least || sent > 4*up) {
				t.Errorf("%s: %s sent %d adverts in %v", director, now.Name, sent, passed)
			}
		}
	}
}
