package healthcheck

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// TestEveryKindGoesItsWay: each kind of check that asks from a goroutine comes from
// its source, through a mark without which there is no way to the server.
func TestEveryKindGoesItsWay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	markedNetwork(t)
	way := Way{Source: netip.MustParseAddr("127.0.0.77"), Mark: 7}
	stream, datagrams := anySource(t), anyDatagram(t)
	host := netip.MustParseAddr("203.0.113.1")
	tcp, udp := netip.AddrPortFrom(host, stream.port), netip.AddrPortFrom(host, datagrams.port)
	insecure := Secure{Insecure: true}
	for name, test := range map[string]struct {
		check Checker
		from  chan string
	}{
		"tcp":          {&TCP{Target: tcp, Way: way}, stream.from},
		"http":         {&HTTP{Target: tcp, Way: way}, stream.from},
		"https":        {&HTTP{Target: tcp, Secure: &insecure, Way: way}, stream.from},
		"http2":        {&HTTP{Target: tcp, Secure: &insecure, HTTP2: true, Way: way}, stream.from},
		"tls":          {&TLS{Target: tcp, Secure: insecure, Way: way}, stream.from},
		"smtp":         {&SMTP{Target: tcp, Way: way}, stream.from},
		"grpc":         {&GRPC{Target: tcp, Way: way}, stream.from},
		"dns over tcp": {&DNS{Target: tcp, Name: "example.net", Type: dnsmessage.TypeA, TCP: true, Way: way}, stream.from},
		"dns":          {&DNS{Target: udp, Name: "example.net", Type: dnsmessage.TypeA, Way: way}, datagrams.from},
		"udp":          {&UDP{Target: udp, Way: way}, datagrams.from},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := test.check.Check(ctx) // where it comes from is what counts, not what it hears
		cancel()
		select {
		case from := <-test.from:
			if !strings.HasPrefix(from, "127.0.0.77:") {
				t.Errorf("%s: it came from %s", name, from)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the server saw nothing: %v", name, err)
		}
	}
}

// markedNetwork puts the test into a network of its own, in which nothing but what
// carries mark 7 reaches 203.0.113.1.
func markedNetwork(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // for good: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"link set lo up", "address add 203.0.113.1/32 dev lo", "route delete local 203.0.113.1 dev lo table local",
		"rule add fwmark 7 lookup 100", "route add local 203.0.113.1 dev lo table 100",
	} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", line, err, out)
		}
	}
}

// source is a server that tells where it is asked from, and has nothing to say.
type source struct {
	port uint16
	from chan string
}

func anySource(t *testing.T) source {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := source{l.Addr().(*net.TCPAddr).AddrPort().Port(), make(chan string, 10)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.from <- conn.RemoteAddr().String()
			conn.Close()
		}
	}()
	return s
}

func anyDatagram(t *testing.T) source {
	t.Helper()
	l, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := source{l.LocalAddr().(*net.UDPAddr).AddrPort().Port(), make(chan string, 10)}
	go func() {
		for {
			b := make([]byte, 1500)
			n, from, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			l.WriteTo(b[:n], from)
			s.from <- from.String()
		}
	}()
	return s
}
