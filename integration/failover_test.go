package integration

import (
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// settle is how long the lab may take to get where a scenario begins.
const settle = 20 * time.Second

// pair starts hald on both directors and waits until lb1 is master and a client
// of the DR service is served.
func pair(t *testing.T, l *lab.Lab, c lab.Cluster) (lb1, lb2 *lab.Hald, client *lab.Probe) {
	t.Helper()
	c.Services = lab.EachMethod
	lb1, lb2 = l.Hald("lb1", c), l.Hald("lb2", c)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	for _, name := range lab.Directors {
		hasServers(l, name)
	}
	client = l.Requests(lab.PortDR)
	l.Eventually(settle, "the client is served", func() bool { return len(client.Samples().Servers()) > 0 })
	return lb1, lb2, client
}

// hasServers waits until a director knows all servers of EachMethod.
func hasServers(l *lab.Lab, director string) {
	l.Eventually(settle, director+" has its servers", func() bool {
		return len(l.Behind(director, lab.PortDR))+len(l.Behind(director, lab.PortNAT))+len(l.Behind(director, lab.PortTUN)) == 3
	})
}

// served waits until the client's newest request is answered.
func served(l *lab.Lab, client *lab.Probe) {
	l.Eventually(settle, "the client is served", func() bool {
		s := client.Samples()
		return len(s) > 0 && s[len(s)-1].Served()
	})
}
