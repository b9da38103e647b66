package main

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/election"
)

func TestHoldings(t *testing.T) {
	var thousand []string
	for i := range 1000 {
		thousand = append(thousand, fmt.Sprintf("10.1.%d.%d/32", i/250, i%250+1))
	}
	on := func(name string, held int, addresses ...string) election.Holding {
		return election.Holding{Interface: name, Addresses: addresses, Held: held}
	}
	many := on("eth1", 998, thousand...)
	many.Routes, many.HeldRoutes = []string{"203.0.113.0/24 via 10.1.0.1 dev eth1 metric 50"}, 1
	got := painter{}.holdings([]election.Status{
		{Name: "plain", State: "master", Interface: "eth0", Holdings: []election.Holding{on("eth0", 1, "192.0.2.1/24")}},
		{Name: "shop", State: "master", Interface: "eth0", Holdings: []election.Holding{on("eth0", 1, "192.0.2.2/24"), many}},
		{Name: "waits", State: "backup", Interface: "eth0", Holdings: []election.Holding{on("eth0", 0, "192.0.2.3/24")}},
		{Name: "stuck", State: "fault", Interface: "eth0", Holdings: []election.Holding{on("eth0", 1, "192.0.2.4/24")}},
	})
	want := `INSTANCE  INTERFACE  HELD         WHAT
shop      eth0       1 of 1       192.0.2.2/24
shop      eth1       998 of 1000  10.1.0.1/32 10.1.0.2/32 +998
shop      eth1       1 of 1       routes 203.0.113.0/24 via 10.1.0.1 dev eth1 metric 50
stuck     eth0       1 of 1       192.0.2.4/24
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (painter{}).holdings([]election.Status{{Name: "plain", State: "backup", Interface: "eth0", Holdings: []election.Holding{on("eth0", 0, "192.0.2.1/24")}}}); got != "" {
		t.Errorf("nothing to tell, but told:\n%s", got)
	}
}
