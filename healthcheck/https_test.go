package healthcheck

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// secureServer is a server of the standard library that speaks HTTP/1.1 and HTTP/2
// over TLS, with how a check speaks to it.
func secureServer(t *testing.T, handler http.HandlerFunc) (netip.AddrPort, *Secure, *httptest.Server) {
	t.Helper()
	signer := newAuthority(t, "hald test")
	server := httptest.NewUnstartedServer(handler)
	server.TLS, server.EnableHTTP2 = signer.serve(t, "127.0.0.1", -day, day), true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return netip.MustParseAddrPort(server.Listener.Addr().String()), &Secure{CA: signer.path}, server
}

func TestHTTPSRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	target, secure, _ := secureServer(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		io.WriteString(w, "ready")
	})
	secure.ServerName = "127.0.0.1"
	t.Setenv("HTTPS_PROXY", "http://192.0.2.1:1") // must be ignored
	for proto, two := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		check := &HTTP{Target: target, Secure: secure, HTTP2: two, Method: "POST", Path: "/health?x=%2F", Host: "www.example.net", Body: "ping",
			Headers: map[string]string{"X-Probe": "yes"}, Expect: regexp.MustCompile("^ready$")}
		if err := check.Check(t.Context()); err != nil {
			t.Fatal(proto, err)
		}
		if got.Proto != proto || got.Method != "POST" || got.RequestURI != "/health?x=%2F" || got.Host != "www.example.net" || string(body) != "ping" ||
			got.Header.Get("X-Probe") != "yes" || got.UserAgent() != "hald" {
			t.Errorf("the server saw %s %s %s host %s body %q headers %v", got.Proto, got.Method, got.RequestURI, got.Host, body, got.Header)
		}
		check.Status = []StatusRange{{201, 201}}
		verify(t, check.Check(t.Context()), "status 200")
	}
}

func TestHTTP2IsNotOffered(t *testing.T) {
	signer := newAuthority(t, "hald test")
	for name, protocols := range map[string][]string{"no protocols": nil, "HTTP/1.1 alone": {"http/1.1"}} {
		config := signer.serve(t, "127.0.0.1", -day, day)
		config.NextProtos = protocols
		target := listen(t, handshaker(config))
		err := (&HTTP{Target: target, HTTP2: true, Secure: &Secure{CA: signer.path}}).Check(t.Context())
		want := "tls handshake: the server does not offer HTTP/2"
		if protocols != nil {
			want = "tls handshake: the server refuses: no application protocol"
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// A server whose TLS is 1.3 says after the handshake that it wants a certificate.
func TestHTTPSWithoutClientCertificate(t *testing.T) {
	target, secure, server := secureServer(t, func(http.ResponseWriter, *http.Request) {})
	server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	for _, two := range []bool{false, true} {
		err := (&HTTP{Target: target, HTTP2: two, Secure: secure}).Check(t.Context())
		const hint = " (the server asked for a client certificate, and the check has none)"
		if err == nil || !strings.HasSuffix(err.Error(), hint) {
			t.Errorf("got %v, want ...%s", err, hint)
		}
		if !two {
			verify(t, err, "response: the server refuses: certificate required"+hint)
		}
	}
}

// framed is a server that speaks HTTP/2 as badly as a test wants.
func framed(signer *authority, config *tls.Config, serve func(*http2.Framer, net.Conn)) func(net.Conn) {
	config.NextProtos = []string{"h2"}
	return func(raw net.Conn) {
		conn := tls.Server(raw, config)
		if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		framer := http2.NewFramer(conn, conn)
		framer.WriteSettings()
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			if _, asked := frame.(*http2.HeadersFrame); asked {
				break
			}
		}
		go io.Copy(io.Discard, conn)
		serve(framer, conn)
	}
}

// forever does something until it fails.
func forever(what func() error) {
	for what() == nil {
	}
}

// Each costs one probe: its timeout at most, and the bytes a connection may take in.
func TestHTTP2HostileServers(t *testing.T) {
	var block strings.Builder
	encoder := hpack.NewEncoder(&block)
	encoder.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	start := func(f *http2.Framer, end bool) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte(block.String()), EndHeaders: end})
	}
	long := []byte("\x00\x03x-a\x7f\xa1\x1e" + strings.Repeat("a", 4000)) // a literal header of 4 000 bytes
	for _, tt := range []struct {
		name  string
		serve func(*http2.Framer, net.Conn)
		want  string
		slow  bool
	}{
		{"endless headers", func(f *http2.Framer, _ net.Conn) {
			start(f, false)
			forever(func() error { return f.WriteContinuation(1, false, long) })
		}, "response: connection error: PROTOCOL_ERROR", false},
		{"endless pings", func(f *http2.Framer, _ net.Conn) { forever(func() error { return f.WritePing(false, [8]byte{}) }) }, "response: the server sent more than 2 MiB", false},
		{"endless settings", func(f *http2.Framer, _ net.Conn) { forever(func() error { return f.WriteSettings() }) }, "response: the server sent more than 2 MiB", false},
		{"never answers", nil, "response: timeout", true},
		{"refuses the stream", func(f *http2.Framer, _ net.Conn) { f.WriteRSTStream(1, http2.ErrCodeInternal) },
			"response: stream error: stream ID 1; INTERNAL_ERROR; received from peer", false},
		{"goes away", func(f *http2.Framer, _ net.Conn) { f.WriteGoAway(0, http2.ErrCodeNo, nil) }, "response: connection closed", false},
		{"an endless body is healthy after 64 KiB", func(f *http2.Framer, _ net.Conn) {
			start(f, true)
			forever(func() error { return f.WriteData(1, false, make([]byte, 1<<10)) })
		}, "", false},
		{"drips a body", func(f *http2.Framer, _ net.Conn) {
			start(f, true)
			forever(func() error { time.Sleep(10 * time.Millisecond); return f.WriteData(1, false, []byte("A")) })
		}, "body: timeout", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signer := newAuthority(t, "hald test")
				gone := make(chan struct{})
				serve := func(f *http2.Framer, c net.Conn) {
					if tt.serve != nil {
						tt.serve(f, c)
						return
					}
					<-gone
				}
				check := &HTTP{Target: netip.MustParseAddrPort("192.0.2.1:443"), HTTP2: true, Secure: &Secure{CA: signer.path},
					dial: pipe(framed(signer, signer.serve(t, "192.0.2.1", -day, day), serve))}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				err := check.Check(ctx)
				close(gone)
				verify(t, err, tt.want)
				if took := time.Since(began); tt.slow && took != time.Second || !tt.slow && took > 100*time.Millisecond {
					t.Errorf("took %v", took)
				}
				time.Sleep(time.Second) // lets the server notice
			})
		})
	}
}

// The loop and the goroutine judge a body alike.
func TestSHA256(t *testing.T) {
	long, tooLong := strings.Repeat("x", maxWhole), strings.Repeat("x", maxWhole+1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			io.WriteString(w, long)
		case "/endless":
			io.WriteString(w, tooLong)
		case "/":
			io.WriteString(w, "ready")
		}
	}))
	defer server.Close()
	for path, tt := range map[string]struct{ body, want string }{
		"/":        {"ready", ""},
		"/long":    {long, ""},
		"/?":       {"other", ""},
		"/none":    {"", ""},
		"/endless": {tooLong, "body: above 1 MiB, too long for a sha256"},
	} {
		sum := sha256.Sum256([]byte(tt.body))
		check := &HTTP{Target: netip.MustParseAddrPort(server.Listener.Addr().String()), Path: path, SHA256: sum[:]}
		if path == "/?" {
			tt.want = fmt.Sprintf("the sha256 of the body is %x", sha256.Sum256([]byte("ready")))
		}
		t.Run(path, func(t *testing.T) {
			verify(t, check.Check(t.Context()), tt.want)
			loop := startLoop(t)
			loop.add(check, time.Minute, 10*time.Second)
			verify(t, loop.next().Result.Err, tt.want)
		})
	}
}
