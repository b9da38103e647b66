package lab_test

import (
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

const settle = 20 * time.Second // for a cluster to come up, on a slow machine

// TestEachForwardingMethodCarriesRequests shows that the topology is right for
// every method, from both directors, with keepalived as the known good subject.
func TestEachForwardingMethodCarriesRequests(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	cluster := lab.Cluster{Services: append([]lab.Service{lab.Mixed}, lab.EachMethod...)}
	lb1, lb2 := l.Keepalived("lb1", cluster), l.Keepalived("lb2", cluster)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)

	carries := func(t *testing.T) {
		t.Helper()
		for port, servers := range map[int][]string{
			lab.PortDR: {"web1"}, lab.PortNAT: {"web2"}, lab.PortTUN: {"web3"},
			lab.PortMixed: {"web1", "web2", "web3"},
		} {
			probe := l.Requests(port)
			l.Eventually(settle, "answers from all servers", func() bool { return len(probe.Samples().Servers()) == len(servers) })
			got := probe.Stop().Servers()
			for _, s := range servers {
				if got[s] == 0 {
					t.Errorf("port %d: answers from %v, want %v", port, got, servers)
				}
			}
		}
	}
	carries(t)
	lb1.Stop()
	l.AwaitMaster("lb2", settle)
	carries(t)
}
