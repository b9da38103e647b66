package admin

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestPeerClient: many questions over one connection, and of whatever else answers an
// error that says what it is.
func TestPeerClient(t *testing.T) {
	var connections atomic.Int32
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/vrrp.json":
			w.Write([]byte(`{"director":"lb2"}`))
		case "/text":
			w.Write([]byte("hello"))
		case "/long":
			w.Write([]byte(`"` + strings.Repeat("x", maxAnswer) + `"`))
		case "/elsewhere":
			http.Redirect(w, r, "/vrrp.json", http.StatusFound)
		case "/slow":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(answer))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	address := netip.MustParseAddrPort(server.Listener.Addr().String())
	c := NewPeerClient(time.Second)
	defer c.CloseIdle()
	for range 10 {
		var into struct{ Director string }
		if err := c.Ask(t.Context(), address, "/vrrp.json", &into); err != nil || into.Director != "lb2" {
			t.Fatalf("%+v, %v", into, err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("10 questions took %d connections", n)
	}
	for path, want := range map[string]string{
		"/text": "none of hald's", "/long": "more than 1048576 bytes", "/elsewhere": "302 Found", "/old": "404 Not Found", "/slow": "no answer within 1s",
	} {
		var into any
		if err := c.Ask(t.Context(), address, path, &into); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	server.Close()
	if err := c.Ask(t.Context(), address, "/vrrp.json", new(any)); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("of nobody: %v", err)
	}
}
