package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR30NetlinkFlood: a storm of other changes to the master's addresses delays no
// advert, and does not hide the change that matters. (What the kernel drops when
// nobody reads is netif's test.)
func TestR30NetlinkFlood(t *testing.T) {
	s := begin(t, lab.Cluster{Interval: 100 * time.Millisecond, Check: lab.Check{Interval: 5 * time.Second, Timeout: 5 * time.Second}})
	const changes = 1000
	var batch strings.Builder
	for i := range changes / 2 {
		address := fmt.Sprintf("10.0.%d.%d/32", i>>8, i&255)
		fmt.Fprintf(&batch, "address add %s dev far1\naddress del %s dev far1\n", address, address)
	}
	storm := s.WriteFile("storm", batch.String())
	s.Run("lb1", "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "far1")
	s.Run("lb1", "ip", "address", "add", "10.255.0.1/32", "dev", "far1") // the kernel takes its time with the last of a link
	before := len(transitions(s.lb1)) + len(transitions(s.lb2))

	var pauses, repairs figures
	for range 3 {
		start := time.Now()
		s.Run("lb1", "ip", "-batch", storm)
		end := time.Now()
		s.Run("lb1", "ip", "address", "delete", lab.VIP.String(), "dev", lab.Interface)
		removed := time.Now()
		s.restored(lab.VIP.String())
		repairs = append(repairs, time.Since(removed))
		adverts := between(s.Lab, s.wire, start, end)
		var longest time.Duration
		for i := 1; i < len(adverts); i++ {
			longest = max(longest, adverts[i].Time.Sub(adverts[i-1].Time))
		}
		t.Logf("%d changes and %d adverts in %v", changes, len(adverts), end.Sub(start))
		pauses = append(pauses, longest)
	}
	repairs.within(t, "the VIP is back after", time.Second)
	pauses.within(t, "the longest pause between two adverts", s.cluster.Interval*3/2)
	if after := len(transitions(s.lb1)) + len(transitions(s.lb2)); after != before {
		t.Errorf("%d transitions, before %d", after, before)
	}
	s.audit("lb1")
}
