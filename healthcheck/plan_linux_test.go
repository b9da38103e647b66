package healthcheck

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// planned is a plan of a loop.
func planned(t *testing.T, c Checker) *Plan {
	t.Helper()
	p, err := NewPlan(Monitor{Checker: c, Interval: time.Hour, Timeout: 10 * time.Second, Rise: 1, Fall: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Targets that share a plan are each asked by their own name, or all by the one that the check
// says.
func TestPlanNamesEachTarget(t *testing.T) {
	hosts := make(chan string, 1)
	site := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body := make([]byte, 10)
		n, _ := r.Body.Read(body)
		hosts <- fmt.Sprint(r.Method, " ", r.RequestURI, " ", r.Host, " ", r.Header.Get("X-A"), " ", string(body[:n]))
	})
	var targets []netip.AddrPort
	for range 2 {
		server := httptest.NewServer(site)
		defer server.Close()
		targets = append(targets, netip.MustParseAddrPort(server.Listener.Addr().String()))
	}
	for _, host := range []string{"", "www.example.net"} {
		p := startLoop(t)
		plan := planned(t, &HTTP{Method: "PUT", Path: "/up?x=1", Host: host, Headers: map[string]string{"X-A": "b"}, Body: "ping"})
		for _, target := range targets {
			p.Add(plan, target, target)
			want := host
			if host == "" {
				want = target.String()
			}
			if got := <-hosts; got != "PUT /up?x=1 "+want+" b ping" {
				t.Errorf("%v was asked %q", target, got)
			}
			if n := p.next(); n.Of != target || n.Result.Err != nil {
				t.Errorf("%+v", n)
			}
		}
	}
}

// The zone of an address is this machine's affair.
func TestPlanLeavesZonesOut(t *testing.T) {
	asked := string(planned(t, &HTTP{}).asks.to(nil, netip.MustParseAddrPort("[fe80::1%eth0]:8080")))
	if want := "GET / HTTP/1.1\r\nHost: [fe80::1]:8080\r\nUser-Agent: hald\r\nConnection: close\r\n\r\n"; asked != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// What is kept of a target is little, whatever it is asked.
func TestTargetsAreSmall(t *testing.T) {
	const targets, most = 10000, 256 // bytes of each, with its place in the schedule
	loop, err := NewLoop(make(chan []News))
	if err != nil {
		t.Fatal(err)
	}
	defer loop.poll.close()
	plan := planned(t, &HTTP{Path: "/healthz", Headers: map[string]string{"X-A": "b"}})
	kept := func() uint64 {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		return now.HeapAlloc
	}
	before := kept()
	for i := range targets {
		loop.Add(plan, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), 80), nil)
	}
	loop.take()
	if each := (kept() - before) / targets; each > most {
		t.Errorf("%d bytes of each target, %d at most", each, most)
	} else {
		t.Logf("%d bytes of each target", each)
	}
	runtime.KeepAlive(loop)
}
