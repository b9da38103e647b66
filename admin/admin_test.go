package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
)

// serve runs a server on a socket in a temporary folder.
func serve(t *testing.T, s *Server) (path string, stop func() error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "hald.sock")
	socket, err := Listen(path, "", 0o660)
	if err != nil {
		t.Fatal(err)
	}
	s.Socket = socket
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = func() error { cancel(); return <-done }
	t.Cleanup(cancel)
	return path, stop
}

func constant(document any, err error) func(context.Context) (any, error) {
	return func(context.Context) (any, error) { return document, err }
}

func TestStatusAndEvents(t *testing.T) {
	path, stop := serve(t, &Server{
		Status: constant(map[string]string{"cluster": "shop"}, nil),
		Events: func(after uint64) ([]event.Event, <-chan struct{}) {
			return []event.Event{{Seq: after + 4, Name: "daemon.started"}}, nil
		},
	})
	client := Client{Socket: path}
	status, err := client.Status(t.Context())
	if err != nil || strings.TrimSpace(string(status)) != `{"cluster":"shop"}` {
		t.Errorf("status %s, %v", status, err)
	}
	events, err := client.Events(t.Context(), 0, false)
	if err != nil || !strings.Contains(string(events), `"event":"daemon.started"`) {
		t.Errorf("events %s, %v", events, err)
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket file is still there after the stop: %v", err)
	}
	if _, err := client.Status(t.Context()); err == nil {
		t.Error("a stopped daemon still answers")
	}
}

func TestADaemonThatCannotAnswerSaysWhy(t *testing.T) {
	path, _ := serve(t, &Server{Status: constant(nil, errors.New("it is stopping"))})
	_, err := Client{Socket: path}.Status(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it is stopping") {
		t.Errorf("error %v, want the daemon's reason", err)
	}
}

func TestRequestsOutsideTheInterface(t *testing.T) {
	path, _ := serve(t, &Server{Status: constant("ok", nil)})
	long := strings.Repeat("x", 16*1024)
	for _, test := range []struct {
		name, request string
		want          int
	}{
		{"status", "GET /status HTTP/1.1\r\nHost: hald\r\n\r\n", http.StatusOK},
		{"unknown path", "GET /nothing HTTP/1.1\r\nHost: hald\r\n\r\n", http.StatusNotFound},
		{"other method", "POST /status HTTP/1.1\r\nHost: hald\r\nContent-Length: 0\r\n\r\n", http.StatusMethodNotAllowed},
		{"header too large", "GET /status HTTP/1.1\r\nHost: hald\r\nX: " + long + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		{"garbage", "\x16\x03\x01\x02\x00\r\n\r\n", http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			// The server may answer and close before it has read all.
			go io.WriteString(conn, test.request)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.want {
				t.Errorf("status %d, want %d", response.StatusCode, test.want)
			}
		})
	}
}

// Clients beyond the limit wait for a place; they neither fail nor harm.
func TestClientsBeyondTheLimitWait(t *testing.T) {
	var active, peak atomic.Int64
	path, _ := serve(t, &Server{Status: func(context.Context) (any, error) {
		defer active.Add(-1)
		for now, most := active.Add(1), peak.Load(); now > most && !peak.CompareAndSwap(most, now); most = peak.Load() {
		}
		time.Sleep(100 * time.Millisecond) // enough for all of them to come in, if they could
		return "ok", nil
	}})
	const clients = 3 * maxClients
	answers := make(chan error, clients)
	for range clients {
		go func() {
			_, err := Client{Socket: path}.Status(context.Background())
			answers <- err
		}()
	}
	for range clients {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if got := peak.Load(); got > maxClients {
		t.Errorf("%d clients served at a time, want %d at most", got, maxClients)
	}
}

func TestListenReplacesAStaleSocketOnly(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "hald.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	socket, err := Listen(path, "", 0o600)
	if err != nil {
		t.Fatalf("over a stale socket: %v", err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("socket file %v, %v; want mode 0600", info, err)
	}
	if err := socket.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}

	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path, "", 0o660); err == nil {
		t.Error("a file that is no socket was replaced")
	}
	if text, _ := os.ReadFile(path); string(text) != "precious" {
		t.Errorf("the file now holds %q", text)
	}
}

func TestListenRefusesAnUnknownGroup(t *testing.T) {
	_, err := Listen(filepath.Join(t.TempDir(), "hald.sock"), "no-such-group-here", 0o660)
	if err == nil || !strings.Contains(err.Error(), "no-such-group-here") {
		t.Errorf("error %v, want one that names the group", err)
	}
}

func TestEventsAreWaitedFor(t *testing.T) {
	ring := event.NewRing(8)
	ring.Add(event.Event{Seq: 1, Name: "daemon.started"})
	path, _ := serve(t, &Server{Events: ring.After})
	client := Client{Socket: path}
	answered := make(chan string)
	go func() {
		events, err := client.Events(t.Context(), 1, true)
		answered <- fmt.Sprint(string(events), err)
	}()
	if events, err := client.Events(t.Context(), 1, false); err != nil || strings.TrimSpace(string(events)) != "[]" {
		t.Errorf("not waited for: %s, %v", events, err)
	}
	select {
	case events := <-answered:
		t.Errorf("answered before there was one: %s", events)
	default:
	}
	ring.Add(event.Event{Seq: 2, Name: "config.loaded"})
	if events := <-answered; !strings.Contains(events, "config.loaded") || strings.Contains(events, "daemon.started") {
		t.Errorf("events %s", events)
	}
	if _, err := client.do(t.Context(), "GET", "/events?after=first", nil); err == nil || !strings.Contains(err.Error(), "no number") {
		t.Errorf("error %v", err)
	}
}
