package integration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// audit is the end of every scenario, whatever it was: the world is as it should
// be with this master.
func (s *scene) audit(master string) {
	s.t.Helper()
	s.AwaitMaster(master, settle)
	for _, h := range s.directors() {
		for _, address := range lab.VirtualAddresses {
			if holds := s.Holds(h.Name(), address); holds != (h.Name() == master) {
				s.t.Errorf("audit: %s holds %v: %v, the master is %s", h.Name(), address, holds, master)
			}
		}
		s.Eventually(settle, "audit: the table of "+h.Name()+" is as desired", func() bool {
			return slices.Equal(s.table(h), desired())
		})
		state := "backup"
		if h.Name() == master {
			state = "master"
		}
		s.Eventually(settle, "audit: "+h.Name()+" has told that it is "+state, func() bool {
			now, _ := story(h)
			return now == state
		})
		if _, err := story(h); err != nil {
			s.t.Errorf("audit: the log of %s: %v", h.Name(), err)
		}
		for _, e := range h.Events() {
			if e.Name == "address.conflict" && h != s.deaf && !s.lossy && e.Peer != s.intruder {
				s.t.Errorf("audit: %s took the other director for a stranger: %s", h.Name(), e.Line)
			}
		}
	}
	if s.wire != nil {
		s.lastWord(master)
	}
	s.modest()
}

// table is a director's IPVS table, in order.
func (s *scene) table(h *lab.Hald) []string {
	s.t.Helper()
	table := strings.Split(strings.TrimSpace(s.IPVS(h.Name())), "\n")
	slices.Sort(table)
	return table
}

// desired is the table that lab.EachMethod asks for, in order.
func desired() []string {
	before := map[lab.Forwarding]string{lab.DR: "-g", lab.NAT: "-m", lab.TUN: "-i"}
	after := map[lab.Forwarding]string{lab.TUN: " --tun-type ipip"}
	var table []string
	for _, service := range lab.EachMethod {
		table = append(table, fmt.Sprintf("-A -t %v:%d -s rr", lab.VIP.Addr(), service.Port))
		for _, rs := range service.Servers {
			table = append(table, fmt.Sprintf("-a -t %v:%d -r %v:%d %s -w 1%s",
				lab.VIP.Addr(), service.Port, rs.Address.Addr(), service.Port, before[rs.Forwarding], after[rs.Forwarding]))
		}
	}
	slices.Sort(table)
	return table
}

// story reads a director's log as one history: no line is missing or twice, and
// every transition of an instance begins where the one before it ended. It returns the
// state of the lab's own at its end.
func story(h *lab.Hald) (state string, err error) {
	states := map[string]string{}
	for i, e := range h.Events() {
		if line := parsed(e); line.Seq != i+1 {
			return states["lab"], fmt.Errorf("line %d is out of sequence: %s", i+1, e.Line)
		}
		if e.Name != "vrrp.transition" {
			continue
		}
		if was := cmp.Or(states[e.Instance], "init"); e.From != was || e.To == was {
			return was, fmt.Errorf("a transition from %s while in %s: %s", e.From, was, e.Line)
		}
		states[e.Instance] = e.To
	}
	return cmp.Or(states["lab"], "init"), nil
}

// entry is what lab.Event leaves out of a line of the log.
type entry struct {
	Seq        int
	TS         time.Time // when it happened, to hald
	DurationMS float64   `json:"duration_ms"`
}

func parsed(e lab.Event) (line entry) {
	_ = json.Unmarshal([]byte(e.Line), &line) // it was parsed before
	return line
}

// transitions are the changes of state a director has told of, as FROM>TO:REASON.
func transitions(h *lab.Hald) []string {
	var told []string
	for _, e := range h.Events() {
		if e.Name == "vrrp.transition" {
			told = append(told, e.From+">"+e.To+":"+e.Reason)
		}
	}
	return told
}

// lastWord checks that nobody announced a virtual address after its owner did.
func (s *scene) lastWord(master string) {
	s.t.Helper()
	for address, who := range s.announcers() {
		if who != master {
			s.t.Errorf("audit: %v was last announced by %q, the master is %s", address, who, master)
		}
	}
}

// announcers are the directors that announced each virtual address last.
func (s *scene) announcers() map[netip.Addr]string {
	last := map[netip.Addr]string{}
	for _, address := range lab.VirtualAddresses {
		last[address.Addr()] = ""
	}
	for _, f := range s.wire.Frames(s.began) {
		if f.ARP == nil || !f.ARP.Gratuitous() {
			continue
		}
		if _, ours := last[f.ARP.SenderIP]; ours {
			last[f.ARP.SenderIP] = f.From
		}
	}
	return last
}
