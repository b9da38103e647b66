package healthcheck

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// listen starts a server on loopback that gives every connection to serve,
// and ends with the test.
func listen(t *testing.T, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return netip.MustParseAddrPort(listener.Addr().String())
}

// unused is a loopback address at which nobody listens: one that hardly anybody else has,
// so that no connection of another test takes its port before a server does.
func unused(t *testing.T) netip.AddrPort {
	t.Helper()
	var own [2]byte
	rand.Read(own[:])
	host := netip.AddrFrom4([4]byte{127, 1 + own[0]>>1, own[1], 1})
	listener, err := net.Listen("tcp", netip.AddrPortFrom(host, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return netip.MustParseAddrPort(listener.Addr().String())
}

func TestTCPOpenPort(t *testing.T) {
	closed := make(chan error, 1)
	target := listen(t, func(conn net.Conn) {
		_, err := conn.Read(make([]byte, 1))
		closed <- err
	})
	if err := (&TCP{Target: target}).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; !errors.Is(err, io.EOF) {
		t.Errorf("the server saw %v, want an orderly end", err)
	}
}

func TestTCPRefused(t *testing.T) {
	err := (&TCP{Target: unused(t)}).Check(t.Context())
	if err == nil || err.Error() != "connect: connection refused" {
		t.Errorf("got %v", err)
	}
	if isLocal(err) {
		t.Error("a refusal is the server's word, not a local error")
	}
}

func TestTCPNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := (&TCP{dial: silent}).Check(ctx); err == nil || err.Error() != "connect: timeout" {
			t.Errorf("got %v", err)
		}
	})
}

func TestExplain(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		want  string
		local bool
	}{
		{"unreachable", &net.OpError{Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, "connect: no route to host", false},
		{"kernel's own timeout", &net.OpError{Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)}, "connect: timeout", false},
		{"out of descriptors", &net.OpError{Err: os.NewSyscallError("socket", syscall.EMFILE)}, "connect: too many open files", true},
		{"out of buffers", &net.OpError{Err: os.NewSyscallError("connect", syscall.ENOBUFS)}, "connect: no buffer space available", true},
		{"out of ports", &net.OpError{Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}, "connect: cannot assign requested address", true},
		{"dropped by our own filter", &net.OpError{Err: os.NewSyscallError("connect", syscall.EPERM)}, "connect: operation not permitted", true},
		{"closed", io.ErrUnexpectedEOF, "connect: connection closed", false},
		{"text of the server's", errors.New(strings.Repeat("A", 1000)), "connect: " + strings.Repeat("A", 160) + "…", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := explain("connect", tt.err)
			if err.Error() != tt.want || isLocal(err) != tt.local {
				t.Errorf("got %v (local %v), want %s (local %v)", err, isLocal(err), tt.want, tt.local)
			}
		})
	}
}

// The real thing: no descriptor left is a local error, by the kernel's word.
func TestTCPOutOfDescriptors(t *testing.T) {
	target := listen(t, func(net.Conn) {})
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	none := before
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	err := (&TCP{Target: target}).Check(t.Context())
	if restore := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); restore != nil {
		t.Fatal(restore)
	}
	if err == nil || !isLocal(err) {
		t.Errorf("got %v, want a local error", err)
	}
}
