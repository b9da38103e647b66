package integration

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// counts are the kernel's five, as hald and ipvsadm name them in one order.
type counts struct {
	Connections uint64 `json:"connections"`
	PacketsIn   uint64 `json:"packets_in"`
	PacketsOut  uint64 `json:"packets_out"`
	BytesIn     uint64 `json:"bytes_in"`
	BytesOut    uint64 `json:"bytes_out"`
}

// used is what hald shows of a service or a server.
type used struct {
	Active, Inactive uint64
	Traffic          counts
	PerSecond        counts
}

// usage is that of the NAT service and of its only server, by the status.
func usage(t *testing.T, h *lab.Hald) (service, server used) {
	t.Helper()
	out, _ := h.Command("status", "-o", "json")
	return usageIn(t, out)
}

// paged is the same as the page is told it: its graphs are drawn from that.
func paged(t *testing.T, l *lab.Lab) (service, server used) {
	t.Helper()
	out := l.Run("client", "sh", "-c", `curl -sN --max-time 5 'http://192.0.2.11:7112/events?status=1' | sed -n '/^event: status$/{n;s/^data: //p;q}'`)
	return usageIn(t, out)
}

// usageIn reads a status.
func usageIn(t *testing.T, status string) (service, server used) {
	t.Helper()
	type shown struct {
		Name      string
		Active    uint64  `json:"active_connections"`
		Inactive  uint64  `json:"inactive_connections"`
		Traffic   counts  `json:"traffic"`
		PerSecond counts  `json:"traffic_per_s"`
		Servers   []shown `json:"real_servers"`
	}
	var d struct {
		Services []shown `json:"virtual_servers"`
	}
	if err := json.Unmarshal([]byte(status), &d); err != nil {
		t.Fatalf("%v: %s", err, status)
	}
	for _, s := range d.Services {
		if s.Name == "nat" {
			r := s.Servers[0]
			return used{s.Active, s.Inactive, s.Traffic, s.PerSecond}, used{r.Active, r.Inactive, r.Traffic, r.PerSecond}
		}
	}
	t.Fatalf("no service nat: %s", status)
	return used{}, used{}
}

// ipvsadmCounts reads the NAT service and its server from `ipvsadm -L` with --stats or --rate.
func ipvsadmCounts(t *testing.T, l *lab.Lab, what string) (service, server counts) {
	t.Helper()
	out := l.Run("lb1", "ipvsadm", "-Ln", what, "--exact", "-t", "192.0.2.100:82")
	read := func(fields []string) counts {
		var n [5]uint64
		for i, field := range fields[:5] {
			n[i], _ = strconv.ParseUint(field, 10, 64)
		}
		return counts{n[0], n[1], n[2], n[3], n[4]}
	}
	for line := range strings.Lines(out) {
		switch fields := strings.Fields(line); {
		case strings.HasPrefix(line, "TCP ") && len(fields) == 7:
			service = read(fields[2:])
		case len(fields) == 7 && strings.HasPrefix(fields[1], "198.51.100.22:"):
			server = read(fields[2:])
		}
	}
	if service.Connections == 0 || server.Connections == 0 {
		t.Fatalf("ipvsadm shows nothing:\n%s", out)
	}
	return service, server
}

// TestUsageIsTheKernels: what hald shows of connections and traffic, in the status and
// on the page, is what ipvsadm shows, and somebody's zeroing of the counters is no drift.
func TestUsageIsTheKernels(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	config := configuration(t, l, lab.Cluster{Interval: 300 * time.Millisecond, Services: lab.EachMethod, Check: patient})
	lb1 := l.HaldWith("lb1", l.WriteFile("page.hcl", config+"admin {\n  http = \"${director.address}:7112\"\n}\n"))
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	client := servedOn(l, lab.PortNAT)
	open := l.Stand(lab.PortNAT, 7)
	l.Eventually(settle, "the rates are shown", func() bool {
		service, server := usage(t, lb1)
		return service.PerSecond.Connections > 0 && service.PerSecond.BytesOut > service.PerSecond.PacketsOut && server.PerSecond.BytesIn > 0
	})
	l.Eventually(settle, "the table shows the connections", func() bool {
		out, _ := lb1.Command("status")
		return strings.Contains(out, "NEW/S") && strings.Contains(out, " 7 ")
	})
	// The kernel changes them every two seconds, hald reads them every three, and the page
	// has them a second later: it shows what ipvsadm did a moment ago.
	type rates struct {
		service, server counts
		at              time.Time
	}
	var shown []rates
	l.Eventually(2*settle, "the page's rates are the kernel's", func() bool {
		var now rates
		now.service, now.server = ipvsadmCounts(t, l, "--rate")
		now.at = time.Now()
		shown = append(shown, now)
		gotService, gotServer := paged(t, l)
		return gotService.Active == 7 && slices.ContainsFunc(shown, func(r rates) bool {
			return r.service.Connections > 0 && gotService.PerSecond == r.service && gotServer.PerSecond == r.server && time.Since(r.at) < 6*time.Second
		})
	})
	requests := client.Stop()
	open.Ask(outlasts)

	// The kernel sums up every two seconds.
	service, server := ipvsadmCounts(t, l, "--stats")
	l.Eventually(settle, "hald shows what ipvsadm does", func() bool {
		gotService, gotServer := usage(t, lb1)
		service, server = ipvsadmCounts(t, l, "--stats")
		pageService, pageServer := paged(t, l)
		return gotService.Traffic == service && gotServer.Traffic == server && pageService.Traffic == service && pageServer.Traffic == server && gotService.Active == 7 && gotServer.Active == 7 &&
			service.Connections >= uint64(7+requests.Servers()["web2"])
	})
	t.Logf("the service: %+v, its server: %+v", service, server)

	l.Run("lb1", "ipvsadm", "-Z")
	zeroed := time.Now()
	l.Eventually(settle, "the counters begin anew", func() bool {
		now, _ := usage(t, lb1)
		return now.Traffic.Connections < 7 && now.Active == 7
	})
	time.Sleep(time.Until(zeroed.Add(repaired)))
	for _, e := range lb1.Events() {
		if e.Name == "ipvs.drift" {
			t.Errorf("zeroed counters are taken for drift: %s", e.Line)
		}
	}
}
