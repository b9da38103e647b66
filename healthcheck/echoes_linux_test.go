package healthcheck

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

func TestPingOfTheKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("pings need root")
	}
	six, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		six.Close()
	}
	var group sync.WaitGroup
	for i := range 200 {
		to := netip.AddrFrom4([4]byte{127, 0, 1, byte(i)})
		if i%2 == 1 && err == nil {
			to = netip.IPv6Loopback()
		}
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			way := Way{}
			if to.Is4() && i%4 == 0 {
				way = Way{Source: netip.MustParseAddr("127.0.0.77"), Mark: 7}
			}
			verify(t, (&Ping{Target: to, Way: way, Size: []int{0, 16, 56, 1400}[i%4]}).Check(ctx), "")
		})
	}
	group.Wait()
	if len(open.all) != 0 {
		t.Errorf("%d sockets are left", len(open.all))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	verify(t, (&Ping{Target: netip.MustParseAddr("127.0.0.1"), Size: 65507}).Check(ctx), "")
	if err == nil {
		verify(t, (&Ping{Target: netip.IPv6Loopback(), Size: 20000}).Check(ctx), "")
	}
	err = (&Ping{Target: netip.MustParseAddr("127.0.0.1"), Way: Way{Source: netip.MustParseAddr("192.0.2.1")}}).Check(ctx)
	if err == nil || !isLocal(err) {
		t.Errorf("got %v, want a local error", err)
	}
}

// Only the answer to what was sent, from whom it was sent to, counts.
func TestPingBelievesNobodyElse(t *testing.T) {
	target := netip.MustParseAddr("192.0.2.21")
	for _, tt := range []struct {
		name string
		spin func(m *icmp.Message, echo *icmp.Echo, from *net.IPAddr)
		want bool
	}{
		{"the answer", func(*icmp.Message, *icmp.Echo, *net.IPAddr) {}, true},
		{"another id", func(_ *icmp.Message, e *icmp.Echo, _ *net.IPAddr) { e.ID++ }, false},
		{"another number", func(_ *icmp.Message, e *icmp.Echo, _ *net.IPAddr) { e.Seq++ }, false},
		{"another sender", func(_ *icmp.Message, _ *icmp.Echo, from *net.IPAddr) { from.IP = net.IPv4(192, 0, 2, 22) }, false},
		{"other data", func(_ *icmp.Message, e *icmp.Echo, _ *net.IPAddr) { e.Data[3]++ }, false},
		{"less data", func(_ *icmp.Message, e *icmp.Echo, _ *net.IPAddr) { e.Data = e.Data[:15] }, false},
		{"a request", func(m *icmp.Message, _ *icmp.Echo, _ *net.IPAddr) { m.Type = ipv4.ICMPTypeEcho }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := []byte("0123456789abcdef")
			e := &echoes{waiting: map[uint16]*ping{}}
			p := &ping{target: target, id: 9, data: data, done: make(chan struct{})}
			seq, _ := e.place(p)
			echo := &icmp.Echo{ID: 9, Seq: int(seq), Data: append([]byte(nil), data...)}
			m, from := &icmp.Message{Type: ipv4.ICMPTypeEchoReply, Body: echo}, &net.IPAddr{IP: target.AsSlice()}
			tt.spin(m, echo, from)
			e.answer(m, from)
			select {
			case <-p.done:
				if !tt.want {
					t.Error("believed")
				}
			default:
				if tt.want {
					t.Error("not believed")
				}
			}
		})
	}
}

// A thousand pings that wait share one socket; one with a way of its own has another.
func TestPingsShareASocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("pings need root")
	}
	target := netip.MustParseAddr("127.0.0.1")
	var all []*echoes
	defer func() {
		for _, e := range all {
			e.leave()
		}
	}()
	for i := range 1001 {
		way := Way{}
		if i == 1000 {
			way.Mark = 7
		}
		e, err := enter(target, way)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(open.all) != 2 || all[0] != all[999] || all[0] == all[1000] {
		t.Errorf("%d sockets", len(open.all))
	}
}
