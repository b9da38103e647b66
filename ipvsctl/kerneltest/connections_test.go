//go:build linux && !race

package kerneltest

import (
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/hald-project/hald/ipvsctl"
)

// TestConnectionsAreCounted sends one connection through the table.
func TestConnectionsAreCounted(t *testing.T) {
	namespace(t)
	for _, address := range []string{"192.0.2.1/32", "10.0.0.1/32"} {
		if out, err := exec.Command("ip", "addr", "add", address, "dev", "lo").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	k := open(t)
	apply(t, k, []ipvsctl.Service{{Key: web.Key, Scheduler: "rr", Destinations: []ipvsctl.Destination{
		server("10.0.0.1:8080", ipvsctl.Masquerade, 1),
	}}})
	l, err := net.Listen("tcp4", "10.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.DialTimeout("tcp4", "192.0.2.1:80", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s := read(t, k)
	at := ipvsctl.DestinationKey{Service: web.Key, Address: s.Services[0].Destinations[0].Address}
	if got := s.Connections[at]; got != (ipvsctl.Connections{Active: 1}) {
		t.Errorf("while open: %+v", got)
	}
	c.Close()
	if got := read(t, k).Connections[at]; got != (ipvsctl.Connections{Inactive: 1}) {
		t.Errorf("when closed: %+v", got)
	}
}
