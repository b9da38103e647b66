package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
)

// examplePage is a page of a daemon that is well, and whose ring is the caller's.
func examplePage(ring *event.Ring) *Page {
	return NewPage(&Page{
		Status: constant(map[string]string{"cluster": "<shop>"}, nil), Events: ring.After,
		Alive: func(context.Context) error { return nil }, Ready: func(context.Context) error { return nil },
		Positions: constant(map[string]string{"director": "lb1"}, nil),
		Metrics:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hald_ready 1") }),
		Tell:      func(event.Event) {},
	})
}

// ask makes one request and returns the answer.
func ask(p *Page, method, path, host string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	p.handler().ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(r *http.Response) string {
	text, _ := io.ReadAll(r.Body)
	return string(text)
}

func TestPageIsForReading(t *testing.T) {
	p := examplePage(event.NewRing(1))
	for path, want := range map[string]string{
		"/": "<!doctype html>", "/status.json": `{"cluster":"\u003cshop\u003e"}`, "/peer.json": `{"address":""}`, "/vrrp.json": `{"director":"lb1"}`,
		"/metrics": "hald_ready 1", "/healthz": "ok\n", "/readyz": "ok\n",
	} {
		r := ask(p, "GET", path, "127.0.0.1:7112")
		if text := bodyOf(r); r.StatusCode != 200 || !strings.HasPrefix(text, want) {
			t.Errorf("GET %s: %s %.80q", path, r.Status, text)
		}
		if r := ask(p, "HEAD", path, "127.0.0.1:7112"); r.StatusCode != 200 {
			t.Errorf("HEAD %s: %s", path, r.Status)
		}
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("GET %s: %s is %q", path, name, got)
			}
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			if r := ask(p, method, path, "127.0.0.1:7112"); r.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %s", method, path, r.Status)
			}
		}
	}
	for _, path := range []string{"/orders/handover", "/reload", "/config", "/page.html", "/../status.json"} {
		if r := ask(p, "GET", path, "127.0.0.1:7112"); r.StatusCode == 200 {
			t.Errorf("GET %s: %s", path, r.Status)
		}
	}
}

// The policy names the script and the style of the page by what they are, and lets a
// browser get nothing from elsewhere.
func TestPageRunsItsOwnScriptAlone(t *testing.T) {
	got := ask(examplePage(event.NewRing(1)), "GET", "/", "127.0.0.1").Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "frame-ancestors 'none'", "connect-src 'self'"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
	if strings.Contains(got, "unsafe") || strings.Contains(got, "http") {
		t.Errorf("too much is allowed: %s", got)
	}
	for _, foreign := range []string{"http://", "https://", "innerHTML", "insertAdjacentHTML", "document.write", "eval("} {
		if text := strings.ReplaceAll(string(document), "http://www.w3.org/2000/svg", ""); strings.Contains(text, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
}

// A name that is not ours is one that somebody had lead here (DNS rebinding).
func TestPageKnowsItsNames(t *testing.T) {
	p := examplePage(event.NewRing(1))
	p.now.Store(&PageSettings{Names: []string{"localhost", "lb1", "lb1.example.net"}})
	for host, want := range map[string]int{
		"127.0.0.1:7112": 200, "[::1]:7112": 200, "[2001:db8::1]": 200, "192.0.2.11": 200,
		"localhost:7112": 200, "LB1:7112": 200, "lb1.example.net": 200,
		"evil.example": 421, "lb1.evil.example:7112": 421, "": 421, "127.0.0.1.evil.example": 421,
	} {
		if r := ask(p, "GET", "/status.json", host); r.StatusCode != want {
			t.Errorf("%q: %s", host, r.Status)
		}
	}
}

func TestPageTellsIllness(t *testing.T) {
	p := examplePage(event.NewRing(1))
	p.Ready = func(context.Context) error { return errors.New("the balancer process is starting") }
	if r := ask(p, "GET", "/readyz", "127.0.0.1"); r.StatusCode != 503 || bodyOf(r) != "the balancer process is starting\n" {
		t.Errorf("not ready: %s", r.Status)
	}
	if r := ask(p, "GET", "/healthz", "127.0.0.1"); r.StatusCode != 200 {
		t.Errorf("alive: %s", r.Status)
	}
	p.Status = constant(nil, errors.New("it is stopping"))
	p.Alive = func(context.Context) error { return errors.New("it is stopping") }
	for _, path := range []string{"/healthz", "/status.json"} {
		if r := ask(p, "GET", path, "127.0.0.1"); r.StatusCode != 503 || !strings.Contains(bodyOf(r), "it is stopping") {
			t.Errorf("%s of one that is stopping: %s", path, r.Status)
		}
	}
}

func TestPageShowsItsPeer(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"director":"lb2","path":%q}`, r.URL.Path)
	}))
	defer other.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") }))
	defer broken.Close()
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for server, want := range map[*httptest.Server]string{
		other: `"document":{"director":"lb2","path":"/status.json"}`, broken: `"error":"its answer is no status of hald"`,
		refusing: `"error":"it answers 404 Not Found"`, gone: `"error":"connect: connection refused"`,
	} {
		p := examplePage(event.NewRing(1))
		address := server.Listener.Addr().String()
		p.now.Store(&PageSettings{Peer: netip.MustParseAddrPort(address)})
		if r := ask(p, "GET", "/peer.json", "127.0.0.1"); r.StatusCode != 200 {
			t.Errorf("%s", r.Status)
		} else if text := bodyOf(r); !strings.Contains(text, want) || !strings.Contains(text, address) {
			t.Errorf("%s, want %s", text, want)
		}
	}
}

// A peer that accepts and says nothing costs its own row two seconds, and nothing else.
func TestPageWaitsForItsPeerALittle(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p := examplePage(event.NewRing(1))
	p.now.Store(&PageSettings{Peer: netip.MustParseAddrPort(silent.Addr().String())})
	if text := bodyOf(ask(p, "GET", "/peer.json", "127.0.0.1")); !strings.Contains(text, "no answer within 2s") {
		t.Error(text)
	}
}

// However many ask, a status that is costly is made once in a while.
func TestFreshIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		f := newFresh(time.Second, func(context.Context) ([]byte, error) {
			time.Sleep(100 * time.Millisecond)
			n++
			return []byte{byte(n)}, nil
		})
		for range 100 {
			go f.get(t.Context())
		}
		time.Sleep(1900 * time.Millisecond)
		if text, _ := f.get(t.Context()); n != 1 || text[0] != 1 {
			t.Errorf("made %d times", n)
		}
		time.Sleep(300 * time.Millisecond) // beyond twenty times what it took
		if text, _ := f.get(t.Context()); n != 2 || text[0] != 2 {
			t.Errorf("made %d times after its age", n)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		time.Sleep(5 * time.Second)
		f.get(gone)
		if text, err := f.get(t.Context()); err != nil || len(text) == 0 {
			t.Errorf("one who left took it along: %v", err)
		}
	})
}

// pipes is a listener in memory.
type pipes struct{ waiting chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p.waiting
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// open sends a request and returns where the answer comes.
func (p pipes) open(request string) net.Conn {
	ours, theirs := net.Pipe()
	p.waiting <- theirs
	go io.WriteString(ours, request+" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	return ours
}

func inPipes(t *testing.T, p *Page, f func(pipes)) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn)}
		server := &http.Server{Handler: p.handler(), WriteTimeout: pageLimit, ErrorLog: silent}
		go server.Serve(l)
		f(l)
		close(l.waiting)
		server.Close()
	})
}

func TestStreamTellsWhatComes(t *testing.T) {
	ring := event.NewRing(300)
	for i := range 250 {
		ring.Add(event.Event{Seq: uint64(i + 1), Name: "daemon.order"})
	}
	inPipes(t, examplePage(ring), func(l pipes) {
		c := l.open("GET /events?status=1")
		defer c.Close()
		lines := make(chan string, 20000)
		go func() {
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				return
			}
			for said := bufio.NewScanner(r.Body); said.Scan(); {
				lines <- said.Text()
			}
		}()
		time.Sleep(time.Second / 2)
		first := drained(lines)
		if strings.Count(first, "event: event") != firstEvents || strings.Contains(first, "\nid: 50\n") || strings.Count(first, "event: status") != 1 {
			t.Errorf("in the beginning %d events and %d status: %.300s", strings.Count(first, "event: event"), strings.Count(first, "event: status"), first)
		}
		ring.Add(event.Event{Seq: 251, Name: "vrrp.transition", Error: "two\nlines"})
		time.Sleep(100 * time.Millisecond)
		if next := drained(lines); !strings.Contains(next, "id: 251\nevent: event\ndata: {") || !strings.Contains(next, `two\nlines`) {
			t.Errorf("then: %s", next)
		}
		time.Sleep(3 * time.Second)
		if later := drained(lines); strings.Count(later, "event: status") < 2 {
			t.Errorf("later: %s", later)
		}
		time.Sleep(3 * pageLimit) // a reader who reads stays
		drained(lines)
		time.Sleep(3 * time.Second)
		if still := drained(lines); strings.Count(still, "event: status") < 2 {
			t.Errorf("a good reader was dropped: %s", still)
		}
	})
}

func drained(lines chan string) string {
	var text strings.Builder
	for {
		select {
		case line := <-lines:
			text.WriteString(line + "\n")
		default:
			return text.String()
		}
	}
}

// Readers who take nothing are dropped, and do not keep others out for long.
func TestStreamDropsWhoDoesNotRead(t *testing.T) {
	p := examplePage(event.NewRing(1))
	inPipes(t, p, func(l pipes) {
		var all []net.Conn
		for range maxStreams {
			all = append(all, l.open("GET /events"))
		}
		time.Sleep(time.Second)
		if r := ask(p, "GET", "/events", "127.0.0.1"); r.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("one more: %s", r.Status)
		}
		time.Sleep(2 * pageLimit)
		if n := len(p.streams); n != 0 {
			t.Errorf("%d streams are still open", n)
		}
		for _, c := range all {
			c.Close()
		}
	})
}

// A port in use is told of once and tried again; a new address is listened on in place
// of the old one, and everything else is changed without closing anything.
func TestPageMoves(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := netip.MustParseAddrPort(taken.Addr().String())
	p := examplePage(event.NewRing(1))
	told := make(chan event.Event, 10)
	p.Tell = func(e event.Event) { told <- e }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	expect := func(name, address, reason string) {
		t.Helper()
		select {
		case e := <-told:
			if e.Name != name || e.Address != address || !strings.Contains(e.Error, reason) {
				t.Errorf("told %+v, want %s of %s", e, name, address)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s does not come", name)
		}
	}
	p.Set(PageSettings{Address: address})
	expect("http.failed", address.String(), "address already in use")
	taken.Close()
	expect("http.opened", address.String(), "")
	get := func() (*http.Response, error) { return http.Get("http://" + address.String() + "/healthz") }
	if r, err := get(); err != nil || r.StatusCode != 200 {
		t.Errorf("%v %v", r, err)
	}
	p.Set(PageSettings{Address: address, Names: []string{"lb1"}, Peer: address})
	second := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), address.Port())
	p.Set(PageSettings{Address: second})
	expect("http.closed", address.String(), "")
	expect("http.opened", second.String(), "")
	if _, err := get(); err == nil {
		t.Error("the old address still answers")
	}
	p.Set(PageSettings{})
	expect("http.closed", second.String(), "")
	cancel()
	<-ended
	if len(told) > 0 {
		t.Errorf("told too much: %+v", <-told)
	}
}
