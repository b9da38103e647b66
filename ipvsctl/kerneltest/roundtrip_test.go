//go:build linux && !race

package kerneltest

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/moby/ipvs"
)

var comparable = cmp.Options{
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

// everything is each attribute of the model at least once, in key order.
func everything() []ipvsctl.Service {
	threshold := server("10.0.0.2:8080", ipvsctl.Masquerade, 65535)
	threshold.Upper, threshold.Lower = 1000, 800
	gue := server("10.0.0.4:80", ipvsctl.Tunnel, 0)
	gue.Tunnel = ipvsctl.Encapsulation{Kind: ipvsctl.GUE, Port: 6080, Flags: 1}
	gre := server("10.0.0.5:80", ipvsctl.Tunnel, 1)
	gre.Tunnel = ipvsctl.Encapsulation{Kind: ipvsctl.GRE}
	return []ipvsctl.Service{
		{Key: ipvsctl.MarkKey(7, false), Scheduler: "rr", Destinations: []ipvsctl.Destination{server("10.0.0.1:0", ipvsctl.DirectRoute, 1)}},
		{Key: ipvsctl.MarkKey(7, true), Scheduler: "rr"},
		{Key: key(ipvsctl.TCP, "192.0.2.1:80"), Scheduler: "wlc", Persistence: 120 * time.Second, Destinations: []ipvsctl.Destination{
			server("10.0.0.1:80", ipvsctl.DirectRoute, 1), threshold, server("10.0.0.3:80", ipvsctl.Tunnel, 3), gue, gre,
		}},
		{Key: key(ipvsctl.TCP, "192.0.2.1:443"), Scheduler: "sh", Flags: ipvsctl.SHFallback | ipvsctl.SHPort, Persistence: 5 * time.Minute, Netmask: 24},
		{Key: key(ipvsctl.TCP, "[2001:db8::1]:80"), Scheduler: "mh", Flags: ipvsctl.MHPort, Persistence: time.Minute, Netmask: 64, Destinations: []ipvsctl.Destination{
			server("10.0.0.6:80", ipvsctl.Tunnel, 1), server("[2001:db8::6]:80", ipvsctl.Masquerade, 2),
		}},
		{Key: key(ipvsctl.UDP, "192.0.2.1:53"), Scheduler: "rr", Flags: ipvsctl.OnePacket, Destinations: []ipvsctl.Destination{
			server("10.0.0.1:53", ipvsctl.Masquerade, 1),
		}},
		{Key: key(ipvsctl.UDP, "192.0.2.1:5060"), Scheduler: "rr", Persistence: time.Minute, Engine: "sip"},
		{Key: key(ipvsctl.SCTP, "192.0.2.1:80"), Scheduler: "wrr", Destinations: []ipvsctl.Destination{
			server("127.0.0.1:80", ipvsctl.Masquerade, 1),
		}},
	}
}

func TestEveryAttributeComesBack(t *testing.T) {
	namespace(t)
	k := open(t)
	apply(t, k, everything())
	have := read(t, k).Services
	if diff := cmp.Diff(everything(), have, comparable); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if ops := ipvsctl.Plan(have, everything(), nil); len(ops) != 0 {
		t.Errorf("not settled: %v", ops)
	}

	// The same table as the tool would write it.
	want := `
-A -t 192.0.2.1:80 -s wlc -p 120
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1
-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 65535
-a -t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 3 --tun-type ipip
-a -t 192.0.2.1:80 -r 10.0.0.4:80 -i -w 0 --tun-type gue --tun-port 6080 --tun-csum
-a -t 192.0.2.1:80 -r 10.0.0.5:80 -i -w 1 --tun-type gre --tun-nocsum
-A -t 192.0.2.1:443 -s sh -p 300 -M 255.255.255.0 -b sh-fallback,sh-port
-A -t [2001:db8::1]:80 -s mh -p 60 -M 64 -b mh-port
-a -t [2001:db8::1]:80 -r 10.0.0.6:80 -i -w 1 --tun-type ipip
-a -t [2001:db8::1]:80 -r [2001:db8::6]:80 -m -w 2
-A -u 192.0.2.1:53 -s rr -o
-a -u 192.0.2.1:53 -r 10.0.0.1:53 -m -w 1
-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip
-A --sctp-service 192.0.2.1:80 -s wrr
-a --sctp-service 192.0.2.1:80 -r 127.0.0.1:80 -m -w 1
-A -f 7 -s rr
-a -f 7 -r 10.0.0.1:0 -g -w 1
-A -f 7 -6 -s rr`
	if diff := cmp.Diff(toolLines(want), toolLines(ipvsadm(t, "-Sn"))); diff != "" {
		t.Errorf("ipvsadm -Sn (-want +got):\n%s", diff)
	}
	want = "-> 10.0.0.2:8080 1000 800 0 0"
	if lines := toolLines(ipvsadm(t, "-Ln", "--thresholds")); !slices.Contains(lines, want) {
		t.Errorf("ipvsadm -Ln --thresholds has no %q:\n%s", want, strings.Join(lines, "\n"))
	}
}

// toolLines is the tool's output without its order and its spelling of blanks.
func toolLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	slices.Sort(lines)
	return lines
}

// TestEveryChangeInPlace turns each service and destination into another and
// back, which the kernel must accept as updates.
func TestEveryChangeInPlace(t *testing.T) {
	namespace(t)
	k := open(t)
	apply(t, k, everything())
	plain := everything()
	for i := range plain {
		s := &plain[i]
		*s = ipvsctl.Service{Key: s.Key, Scheduler: "wrr", Destinations: s.Destinations}
		for j, d := range s.Destinations {
			s.Destinations[j] = server(d.Address.String(), ipvsctl.Tunnel, 7)
		}
	}
	for name, want := range map[string][]ipvsctl.Service{"plain": plain, "everything": everything()} {
		ops := ipvsctl.Plan(read(t, k).Services, want, nil)
		for _, op := range ops {
			if op.Kind != ipvsctl.UpdateService && op.Kind != ipvsctl.UpdateDestination {
				t.Errorf("%s: %s", name, op)
			}
		}
		apply(t, k, want)
		if diff := cmp.Diff(want, read(t, k).Services, comparable); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryScheduler(t *testing.T) {
	namespace(t)
	k := open(t)
	for _, scheduler := range []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh"} {
		apply(t, k, []ipvsctl.Service{
			{Key: key(ipvsctl.TCP, "192.0.2.1:80"), Scheduler: scheduler},
			{Key: key(ipvsctl.UDP, "192.0.2.1:80"), Scheduler: scheduler},
		})
		for _, s := range read(t, k).Services {
			if s.Scheduler != scheduler {
				t.Errorf("%s has %s, want %s", s.Key, s.Scheduler, scheduler)
			}
		}
	}
}

// TestASecondReaderAgrees reads with moby/ipvs what ipvsctl wrote.
func TestASecondReaderAgrees(t *testing.T) {
	namespace(t)
	k := open(t) // first: moby/ipvs remembers for ever a family it does not find
	apply(t, k, everything())
	other, err := ipvs.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	services, err := other.GetServices()
	if err != nil {
		t.Fatal(err)
	}
	mine := map[ipvsctl.Key]ipvsctl.Service{}
	for _, s := range read(t, k).Services {
		mine[s.Key] = s
	}
	if len(services) != len(mine) {
		t.Errorf("%d services, want %d", len(services), len(mine))
	}
	for _, s := range services {
		if s.FWMark != 0 {
			continue
		}
		address, _ := netip.AddrFromSlice(s.Address)
		m := mine[ipvsctl.Key{Protocol: ipvsctl.Protocol(s.Protocol), Address: netip.AddrPortFrom(address, s.Port)}]
		if m.Scheduler != s.SchedName || m.Persistence != time.Duration(s.Timeout)*time.Second {
			t.Errorf("%+v\nis read here as %s", s, m)
		}
		destinations, err := other.GetDestinations(s)
		if err != nil {
			t.Fatal(err)
		}
		var theirs []ipvsctl.Destination
		for _, d := range destinations {
			address, _ := netip.AddrFromSlice(d.Address)
			theirs = append(theirs, ipvsctl.Destination{
				Address: netip.AddrPortFrom(address, d.Port), Method: ipvsctl.Method(d.ConnectionFlags & ipvs.ConnFwdMask),
				Weight: d.Weight, Upper: d.UpperThreshold, Lower: d.LowerThreshold,
			})
		}
		slices.SortFunc(theirs, func(a, b ipvsctl.Destination) int { return a.Address.Compare(b.Address) })
		noTunnels := cmpopts.IgnoreFields(ipvsctl.Destination{}, "Tunnel") // which it cannot read
		if diff := cmp.Diff(m.Destinations, theirs, comparable, noTunnels); diff != "" {
			t.Errorf("%s (-here +moby):\n%s", m.Key, diff)
		}
	}
}

func TestTimeouts(t *testing.T) {
	namespace(t)
	k := open(t)
	before := read(t, k).Timeouts
	want := ipvsctl.Timeouts{TCP: 30 * time.Second, TCPFin: 45 * time.Second, UDP: time.Minute}
	if failed, err := k.Apply([]ipvsctl.Op{{Kind: ipvsctl.SetTimeouts, Timeouts: want}}); err != nil || failed != nil {
		t.Fatal(failed, err)
	}
	if got := read(t, k).Timeouts; got != want {
		t.Errorf("%+v over %+v gives %+v", want, before, got)
	}
	if failed, err := k.Apply([]ipvsctl.Op{{Kind: ipvsctl.SetTimeouts, Timeouts: ipvsctl.Timeouts{UDP: 70 * time.Second}}}); err != nil || failed != nil {
		t.Fatal(failed, err)
	}
	want.UDP = 70 * time.Second
	if got := read(t, k).Timeouts; got != want {
		t.Errorf("what was left out is %+v, want %+v", got, want)
	}
	if out := ipvsadm(t, "-L", "--timeout"); !strings.Contains(out, "30 45 70") {
		t.Errorf("ipvsadm: %s", out)
	}
}
