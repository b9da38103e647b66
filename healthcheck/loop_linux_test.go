package healthcheck

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// probing is a running loop.
type probing struct {
	*Loop
	t       *testing.T
	reports chan []News
	waiting []News
}

func startLoop(t *testing.T) *probing {
	t.Helper()
	reports := make(chan []News, 1)
	loop, err := NewLoop(reports)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &probing{Loop: loop, t: t, reports: reports}
}

func (p *probing) add(c Checker, interval, timeout time.Duration) *Job {
	p.t.Helper()
	return p.monitor(Monitor{Checker: c, Interval: interval, Timeout: timeout, Rise: 1, Fall: 1})
}

// monitor adds the target of the checker.
func (p *probing) monitor(m Monitor) *Job {
	p.t.Helper()
	plan, err := NewPlan(m)
	if err != nil {
		p.t.Fatal(err)
	}
	var target netip.AddrPort
	switch c := m.Checker.(type) {
	case *TCP:
		target = c.Target
	case *HTTP:
		target = c.Target
	}
	return p.Add(plan, target, m.Checker)
}

func (p *probing) next() News {
	p.t.Helper()
	for len(p.waiting) == 0 {
		select {
		case p.waiting = <-p.reports:
		case <-time.After(30 * time.Second):
			p.t.Fatal("no news for 30 s")
		}
	}
	n := p.waiting[0]
	p.waiting = p.waiting[1:]
	return n
}

// TestLoopIsFastWhileUnsettled: so many passes in a row would take three quarters of a minute at the
// interval of a settled verdict.
func TestLoopIsFastWhileUnsettled(t *testing.T) {
	target := unused(t)
	p := startLoop(t)
	p.monitor(Monitor{Checker: &TCP{Target: target}, Interval: 300 * time.Millisecond, FastInterval: time.Millisecond, Timeout: time.Second, Rise: 150, Fall: 1})
	if n := p.next().Result; n.Err == nil || n.Verdict != Down {
		t.Fatalf("nobody listens, and it says %+v", n)
	}
	listener, err := net.Listen("tcp", target.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	for n := p.next().Result; n.Verdict != Up; n = p.next().Result {
		if n.Err != nil {
			t.Errorf("meanwhile: %v", n.Err)
		}
	}
}

func TestLoopHostileServers(t *testing.T) {
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			check := &HTTP{Target: listen(t, tt.serve)}
			if tt.expect != "" {
				check.Expect = regexp.MustCompile(tt.expect)
			}
			timeout := 10 * time.Second
			if tt.slow {
				timeout = time.Second
			}
			p := startLoop(t)
			p.add(check, 100*time.Millisecond, timeout)
			verify(t, p.next().Result.Err, tt.want)
		})
	}
}

// What teaches nothing is not reported; a change is, with the reason.
func TestLoopReportsNewsOnly(t *testing.T) {
	answers := make(chan int, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(<-answers) }))
	defer server.Close()
	defer close(answers)
	for _, status := range []int{200, 200, 204, 503, 503, 500, 200} {
		answers <- status
	}
	p := startLoop(t)
	p.add(&HTTP{Target: netip.MustParseAddrPort(server.Listener.Addr().String())}, 20*time.Millisecond, 10*time.Second)
	var story []string
	for len(story) < 4 {
		r := p.next().Result
		text := r.Verdict.String()
		if r.Err != nil {
			text += " " + r.Err.Error()
		}
		story = append(story, text)
	}
	if want := []string{"up", "down status 503", "down status 500", "up"}; !slices.Equal(story, want) {
		t.Errorf("got %q, want %q", story, want)
	}
}

func TestLoopTCP(t *testing.T) {
	open := listen(t, func(net.Conn) {})
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6:", err)
	}
	defer six.Close()
	p := startLoop(t)
	want := map[Checker]string{
		&TCP{Target: open}: "", &TCP{Target: unused(t)}: "connect: connection refused",
		&TCP{Target: netip.MustParseAddrPort(six.Addr().String())}: "",
	}
	for c := range want {
		p.add(c, 100*time.Millisecond, 10*time.Second)
	}
	for range want {
		n := p.next()
		verify(t, n.Result.Err, want[n.Of.(Checker)])
	}
}

// The server has done nothing wrong when this machine has no descriptor left.
func TestLoopCountsItsOwnFaultsNeitherWay(t *testing.T) {
	p := startLoop(t)
	p.add(&TCP{Target: listen(t, func(net.Conn) {})}, 20*time.Millisecond, 10*time.Second)
	if n := p.next(); n.Result.Verdict != Up {
		t.Fatalf("got %+v", n.Result)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	n := p.next()
	if !n.Result.Local || n.Result.Changed || n.Result.Verdict != Up || !strings.Contains(n.Result.Err.Error(), "too many open files") {
		t.Errorf("got %+v", n.Result)
	}
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	if n := p.next(); n.Result.Err != nil || n.Result.Changed {
		t.Errorf("afterwards %+v", n.Result)
	}
}

// A target that was removed is not probed any more, and the others are.
func TestLoopRemove(t *testing.T) {
	first, second := make(chan net.Conn, 1000), make(chan net.Conn, 1000)
	p := startLoop(t)
	gone := p.add(&TCP{Target: listen(t, func(c net.Conn) { first <- c })}, 10*time.Millisecond, 10*time.Second)
	p.add(&TCP{Target: listen(t, func(c net.Conn) { second <- c })}, 10*time.Millisecond, 10*time.Second)
	<-first
	p.Remove(gone)
	for range 5 { // the one under way, and its successor at most
		<-second
	}
	for len(first) > 0 {
		<-first
	}
	for range 10 {
		<-second
	}
	if n := len(first); n > 1 {
		t.Errorf("%d probes after the removal", n)
	}
}

// A reader that is busy loses nothing.
func TestLoopKeepsNewsForABusyReader(t *testing.T) {
	p := startLoop(t)
	const targets = 200
	open := listen(t, func(net.Conn) {})
	for range targets {
		p.add(&TCP{Target: open}, 100*time.Millisecond, 10*time.Second)
	}
	time.Sleep(300 * time.Millisecond)
	for range targets {
		if n := p.next(); n.Result.Verdict != Up {
			t.Fatalf("got %+v", n.Result)
		}
	}
}

// However many targets there are, no tenth of a second of their interval has more
// than twice its share of them; and few are probed some at a time.
func TestLoopSpread(t *testing.T) {
	const interval = 2 * time.Second
	for n, most := range map[int]int{20: 20, 100: 20, 500: 31, 10000: 200} {
		var share [20]int
		moments := make(map[time.Duration]bool)
		for i := range n {
			at := spread(i, n, interval)
			if at < 0 || at >= interval {
				t.Fatalf("target %d at %v", i, at)
			}
			share[at/(interval/20)]++
			moments[at] = true
		}
		if slices.Max(share[:]) > 2*n/20 {
			t.Errorf("%d targets: %v", n, share)
		}
		if len(moments) > most {
			t.Errorf("%d targets are probed at %d moments, %d at most", n, len(moments), most)
		}
	}
}
