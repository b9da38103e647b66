package healthcheck

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// readRequest consumes a request, as a server would before it answers.
func readRequest(conn net.Conn) { http.ReadRequest(bufio.NewReader(conn)) }

// repeat writes the same bytes until the other side has gone.
func repeat(conn net.Conn, text string) {
	block := []byte(strings.Repeat(text, 1+4096/len(text)))
	for {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}

// drip writes one byte a tick until the other side has gone.
func drip(conn net.Conn, text string) {
	for i := 0; ; i++ {
		if _, err := conn.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Servers that mean harm, or are badly broken; want is the whole error, or
// empty for healthy. slow ones cost the timeout, all others no time at all.
var hostile = []struct {
	name   string
	serve  func(net.Conn)
	expect string
	want   string
	slow   bool
}{
	{"closes at once", func(conn net.Conn) { readRequest(conn) }, "", "response: connection closed", false},
	{"never answers", func(conn net.Conn) { io.Copy(io.Discard, conn) }, "", "response: timeout", true},
	{"garbage", func(conn net.Conn) { readRequest(conn); conn.Write([]byte("\x00\xff\x16garbage\r\n\r\n")) }, "",
		`response: malformed HTTP response "\x00\xff\x16garbage"`, false},
	{"endless line", func(conn net.Conn) { readRequest(conn); repeat(conn, "A") }, "", "response: header above 64 KiB", false},
	{"endless headers", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
		repeat(conn, "X-A: b\r\n")
	}, "",
		"response: header above 64 KiB", false},
	{"endless interim answers", func(conn net.Conn) { readRequest(conn); repeat(conn, "HTTP/1.1 100 Continue\r\n\r\n") }, "",
		"response: header above 64 KiB", false},
	{"dripping headers", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\nX-A: "))
		drip(conn, "A")
	}, "", "response: timeout", true},
	{"endless body", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		repeat(conn, "A")
	}, "", "", false},
	{"endless body without what is expected", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		repeat(conn, "A")
	}, "ready", `body does not match "ready"`, false},
	{"endless chunk framing", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
		repeat(conn, "1;"+strings.Repeat("x", 2000)+"\r\nA\r\n")
	}, "", "body: chunked encoding contains too much non-data", false},
	{"dripping body", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		drip(conn, "A")
	}, "", "body: timeout", true},
	{"body cut short", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
	}, "", "body: connection closed", false},
	{"absurd length", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"))
	}, "", `response: bad Content-Length "99999999999999999999"`, false},
	{"redirect to itself", func(conn net.Conn) {
		readRequest(conn)
		conn.Write([]byte("HTTP/1.1 500 No\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"))
	}, "", "status 500", false},
	{"status below 100", func(conn net.Conn) { readRequest(conn); conn.Write([]byte("HTTP/1.1 099 No\r\n\r\n")) }, "", "status 99", false},
	{"banner of another protocol", func(conn net.Conn) {
		go readRequest(conn)
		conn.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n"))
		time.Sleep(time.Millisecond)
	}, "", `response: malformed HTTP response "SSH-2.0-OpenSSH_9.2"`, false},
}

func verify(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil {
		t.Errorf("got %v, want healthy", err)
	}
	if want != "" && (err == nil || err.Error() != want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// In a bubble: the time a hostile server costs is exact, and the bubble itself
// fails the test when a goroutine of the probe is left.
func TestHTTPHostileServers(t *testing.T) {
	const timeout = time.Second
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				check := &HTTP{Target: netip.MustParseAddrPort("192.0.2.1:80"), dial: func(context.Context, string, string) (net.Conn, error) {
					client, server := net.Pipe()
					go func() {
						defer server.Close()
						tt.serve(server)
					}()
					return client, nil
				}}
				if tt.expect != "" {
					check.Expect = regexp.MustCompile(tt.expect)
				}
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				start := time.Now()
				verify(t, check.Check(ctx), tt.want)
				if took := time.Since(start); tt.slow && took != timeout || !tt.slow && took > 10*time.Millisecond {
					t.Errorf("took %v", took)
				}
				time.Sleep(timeout) // lets the server notice
			})
		})
	}
}

// verifyFrugal has a probe made, in a second where its server is slow, and allows it so many octets of allocations.
func verifyFrugal(t *testing.T, check Checker, slow bool, want string, most uint64) {
	t.Helper()
	timeout := 10 * time.Second
	if slow {
		timeout = time.Second
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := check.Check(ctx)
	runtime.ReadMemStats(&after)
	verify(t, err, want)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > most {
		t.Errorf("allocated %d KiB for one probe", grown>>10)
	}
}

// Over real sockets: the same servers, and what a probe may allocate.
func TestHTTPHostileServersOnLoopback(t *testing.T) {
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			check := &HTTP{Target: listen(t, tt.serve)}
			if tt.expect != "" {
				check.Expect = regexp.MustCompile(tt.expect)
			}
			verifyFrugal(t, check, tt.slow, tt.want, 1<<20)
		})
	}
}

func TestHTTPRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:1") // must be ignored
	check := &HTTP{
		Target: netip.MustParseAddrPort(server.Listener.Addr().String()),
		Method: "POST", Path: "/health?deep=1&x=%2F", Host: "www.example.net", Body: "ping",
		Headers: map[string]string{"X-Probe": "yes", "User-Agent": "tester"},
	}
	for range 3 {
		if err := check.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got.Method != "POST" || got.RequestURI != "/health?deep=1&x=%2F" || got.Host != "www.example.net" || string(body) != "ping" ||
		got.Header.Get("X-Probe") != "yes" || got.UserAgent() != "tester" || got.Proto != "HTTP/1.1" || !got.Close {
		t.Errorf("the server saw %s %s %s host %s close %v body %q headers %v", got.Method, got.RequestURI, got.Proto, got.Host, got.Close, body, got.Header)
	}
	if n := connections.Load(); n != 3 {
		t.Errorf("%d connections for 3 probes", n)
	}
}

func TestHTTPStatus(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		var status int
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Location", r.URL.Path) // a loop, were it followed
		w.WriteHeader(status)
	}))
	defer server.Close()
	tests := []struct {
		status int
		ranges []StatusRange
		want   string
	}{
		{200, nil, ""},
		{399, nil, ""},
		{400, nil, "status 400"},
		{503, nil, "status 503"},
		{302, nil, ""},
		{302, []StatusRange{{200, 299}}, "status 302"},
		{204, []StatusRange{{200, 200}, {204, 204}}, ""},
		{201, []StatusRange{{200, 200}, {204, 204}}, "status 201"},
		{404, []StatusRange{{400, 499}}, ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status, tt.ranges), func(t *testing.T) {
			requests.Store(0)
			check := &HTTP{Target: netip.MustParseAddrPort(server.Listener.Addr().String()), Path: fmt.Sprintf("/%d", tt.status), Status: tt.ranges}
			verify(t, check.Check(t.Context()), tt.want)
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests for one probe", n)
			}
		})
	}
}

func TestHTTPExpect(t *testing.T) {
	const edge = maxBody
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var at int
		fmt.Sscanf(r.URL.Path, "/%d", &at)
		io.WriteString(w, strings.Repeat(".", at)+"READY"+strings.Repeat(".", edge))
	}))
	defer server.Close()
	tests := []struct {
		name, path, method, want string
	}{
		{"at the start", "/0", "GET", ""},
		{"just inside 64 KiB", fmt.Sprintf("/%d", edge-5), "GET", ""},
		{"across 64 KiB", fmt.Sprintf("/%d", edge-4), "GET", `body does not match "READ[Y]"`},
		{"no body to a HEAD", "/0", "HEAD", `body does not match "READ[Y]"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check := &HTTP{Target: netip.MustParseAddrPort(server.Listener.Addr().String()), Path: tt.path, Method: tt.method, Expect: regexp.MustCompile("READ[Y]")}
			verify(t, check.Check(t.Context()), tt.want)
		})
	}
}

func TestHTTPConnectErrors(t *testing.T) {
	verify(t, (&HTTP{Target: unused(t)}).Check(t.Context()), "connect: connection refused")
	err := (&HTTP{Target: unused(t), Method: "BAD METHOD"}).Check(t.Context())
	verify(t, err, `build request: net/http: invalid method "BAD METHOD"`)
}

// FuzzHTTPAnswer: whatever a server sends, a probe returns and keeps its
// reason short.
func FuzzHTTPAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 200\r\n\r\n"))
	f.Add([]byte("SSH-2.0-x\r\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		check := &HTTP{Target: netip.MustParseAddrPort("192.0.2.1:80"), Expect: regexp.MustCompile("ok"),
			dial: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					readRequest(server)
					server.Write(answer)
					server.Close()
				}()
				return client, nil
			}}
		if err := check.Check(t.Context()); err != nil && len(err.Error()) > 500 {
			t.Errorf("reason of %d bytes", len(err.Error()))
		}
	})
}
