package healthcheck

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// seen is a server that tells where its connections come from.
func seen(t *testing.T) (netip.AddrPort, chan string) {
	from := make(chan string, 10)
	return listen(t, func(conn net.Conn) { from <- conn.RemoteAddr().String() }), from
}

// With a goroutine or in the loop: a check comes from its source.
func TestSource(t *testing.T) {
	way := Way{Source: netip.MustParseAddr("127.0.0.77")}
	target, from := seen(t)
	if err := (&TCP{Target: target, Way: way}).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	loop := startLoop(t)
	loop.add(&TCP{Target: target, Way: way}, time.Hour, 10*time.Second)
	if err := loop.next().Result.Err; err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := <-from; !strings.HasPrefix(got, "127.0.0.77:") {
			t.Errorf("the check came from %s", got)
		}
	}
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { from <- r.RemoteAddr }))
	defer web.Close()
	loop.add(&HTTP{Target: netip.MustParseAddrPort(web.Listener.Addr().String()), Way: way}, time.Hour, 10*time.Second)
	if err := loop.next().Result.Err; err != nil {
		t.Fatal(err)
	}
	if got := <-from; !strings.HasPrefix(got, "127.0.0.77:") {
		t.Errorf("the request came from %s", got)
	}
}

// A backup does not have the virtual address: that says nothing of the server.
func TestSourceThatIsNotHere(t *testing.T) {
	way := Way{Source: netip.MustParseAddr("192.0.2.77")}
	target, _ := seen(t)
	if err := (&TCP{Target: target, Way: way}).Check(t.Context()); err == nil || !isLocal(err) {
		t.Errorf("got %v, want a local error", err)
	}
	loop := startLoop(t)
	loop.add(&TCP{Target: target, Way: way}, time.Hour, 10*time.Second)
	if r := loop.next().Result; r.Err == nil || !r.Local || r.Verdict != Unknown {
		t.Errorf("got %+v, want a local error", r)
	}
}

func TestMark(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("marks need root")
	}
	target, _ := seen(t)
	for _, network := range []string{"tcp", "udp"} {
		conn, err := Way{Mark: 7}.through(nil)(t.Context(), network, target.String())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := conn.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) { marked(t, int(fd), 7) })
		conn.Close()
	}
	fd, number := connect(target, Way{Mark: 0xfffffffe, Source: netip.MustParseAddr("127.0.0.1")})
	if number != 0 && number != syscall.EINPROGRESS {
		t.Fatal(number)
	}
	marked(t, fd, 0xfffffffe)
	closeSocket(fd)
}

func marked(t *testing.T, fd int, want uint32) {
	t.Helper()
	got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK)
	if err != nil || uint32(got) != want {
		t.Errorf("the mark is %#x (%v), want %#x", got, err, want)
	}
}
