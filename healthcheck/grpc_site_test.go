package healthcheck

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"testing"
	"time"
)

// TestGRPCOfDebian: gRPC's own C library, as Debian has it for Python, serves health.
// What it answers to an unknown method, a call that is aborted and a deadline is its own.
func TestGRPCOfDebian(t *testing.T) {
	signer := newAuthority(t, "hald test")
	certificate, key := signer.issue(t, "grpc", "grpc.example.net", -day, day)
	const any = "127.0.0.1:0"
	server := exec.Command("/usr/bin/python3", "testdata/grpcd.py", any, any, any, key, certificate)
	said, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("python3-grpcio does not serve (integration/deps.sh installs it): %v", err)
	}
	var ports [3]uint16
	if _, err := fmt.Sscan(line, &ports[0], &ports[1], &ports[2]); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	at := func(i int) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), ports[i]) }
	plain, bare, secure := at(0), at(1), at(2)
	known := &Secure{CA: signer.path, ServerName: "grpc.example.net"}

	for _, tt := range []struct {
		name  string
		check GRPC
		want  string
	}{
		{"the server", GRPC{Target: plain}, ""},
		{"a service", GRPC{Target: plain, Service: "shop.Orders"}, ""},
		{"not serving", GRPC{Target: plain, Service: "down"}, "the service is NOT_SERVING"},
		{"unknown", GRPC{Target: plain, Service: "stranger"}, "the server knows no such service (gRPC status 5)"},
		{"aborted", GRPC{Target: plain, Service: "busy"}, `gRPC status 14: "try later\n"`},
		{"without the health service", GRPC{Target: bare}, "the server has no gRPC health service (gRPC status 12)"},
		{"tls", GRPC{Target: secure, Service: "shop.Orders", Secure: known}, ""},
		{"tls, not serving", GRPC{Target: secure, Service: "down", Secure: known}, "the service is NOT_SERVING"},
		{"tls, another name", GRPC{Target: secure, Secure: &Secure{CA: signer.path, ServerName: "www.example.net"}},
			`certificate is for "grpc.example.net", not for www.example.net`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			verify(t, tt.check.Check(ctx), tt.want)
		})
	}
	t.Run("too slow", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := (&GRPC{Target: plain, Service: "slow"}).Check(ctx); err == nil {
			t.Error("it has no answer, and is healthy")
		} else {
			t.Log(err)
		}
	})
}
