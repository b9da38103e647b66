package healthcheck

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// startDNS is Debian's dnsmasq on loopback, which knows a few names.
func startDNS(t *testing.T) netip.AddrPort {
	t.Helper()
	program, err := exec.LookPath("dnsmasq")
	if err != nil {
		t.Fatal("dnsmasq is not installed: integration/deps.sh does that")
	}
	at := unused(t)
	server := exec.Command(program, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=", "--user=root", "--bind-interfaces",
		"--listen-address="+at.Addr().String(), "--port="+strconv.Itoa(int(at.Port())), "--local=/shop/",
		"--address=/web.shop/192.0.2.21", "--txt-record=web.shop,all is well", "--mx-host=shop,mx1.shop,10")
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	for range 500 {
		if conn, err := net.Dial("tcp", at.String()); err == nil {
			conn.Close()
			return at
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("dnsmasq does not answer")
	return at
}

func TestDNSOfDnsmasq(t *testing.T) {
	at := startDNS(t)
	for _, tt := range []struct {
		name  string
		check DNS
		want  string
	}{
		{"address", DNS{Name: "web.shop", Type: dnsmessage.TypeA, Expect: "192.0.2.21"}, ""},
		{"over TCP, last dot, case", DNS{Name: "WEB.shop.", Type: dnsmessage.TypeA, Expect: "192.0.2.21", TCP: true}, ""},
		{"any answer", DNS{Name: "web.shop", Type: dnsmessage.TypeA}, ""},
		{"text", DNS{Name: "web.shop", Type: dnsmessage.TypeTXT, Expect: "all is well"}, ""},
		{"mail exchanger", DNS{Name: "shop", Type: dnsmessage.TypeMX, Expect: "10 mx1.shop"}, ""},
		{"another address", DNS{Name: "web.shop", Type: dnsmessage.TypeA, Expect: "192.0.2.22"}, `answer: ["192.0.2.21"], not "192.0.2.22"`},
		{"no record", DNS{Name: "web.shop", Type: dnsmessage.TypeAAAA, Expect: "::1"}, `answer: without a record, not "::1"`},
		{"wrong rcode", DNS{Name: "none.shop", Type: dnsmessage.TypeA}, "rcode NXDOMAIN, not NOERROR"},
		{"wanted rcode", DNS{Name: "none.shop", Type: dnsmessage.TypeA, RCode: dnsmessage.RCodeNameError}, ""},
		{"refused", DNS{Name: ".", Type: dnsmessage.TypeSOA, RCode: dnsmessage.RCodeRefused}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.check.Target = at
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			verify(t, tt.check.Check(ctx), tt.want)
		})
	}
}

// answering is a UDP server that sends what reply makes of each datagram.
func answering(t *testing.T, reply func(query []byte) [][]byte) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		for buffer := make([]byte, 64<<10); ; {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			for _, b := range reply(buffer[:n]) {
				conn.WriteTo(b, from)
			}
		}
	}()
	return netip.MustParseAddrPort(conn.LocalAddr().String())
}

// answered is a good answer to a query, changed.
func answered(query []byte, change func(*dnsmessage.Message)) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil
	}
	m.Response = true
	change(&m)
	b, _ := m.Pack()
	return b
}

func TestDNSHostile(t *testing.T) {
	good := func(*dnsmessage.Message) {}
	wrongID := func(m *dnsmessage.Message) { m.ID++ }
	other := func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("evil.example.") }
	repeat := func(q []byte, n int) (all [][]byte) {
		for range n {
			all = append(all, q)
		}
		return all
	}
	for _, tt := range []struct {
		name  string
		reply func(q []byte) [][]byte
		want  string
	}{
		{"silence", func([]byte) [][]byte { return nil }, "answer: timeout"},
		{"echoes the question", func(q []byte) [][]byte { return [][]byte{q} }, "answer: timeout"},
		{"wrong id", func(q []byte) [][]byte { return [][]byte{answered(q, wrongID)} }, "answer: timeout"},
		{"wrong id, then the answer", func(q []byte) [][]byte { return [][]byte{answered(q, wrongID), answered(q, good)} }, ""},
		{"garbage, then the answer", func(q []byte) [][]byte { return [][]byte{{1, 2, 3}, {}, answered(q, good)} }, ""},
		{"another question", func(q []byte) [][]byte { return [][]byte{answered(q, other)} }, "answer: timeout"},
		{"no end of strays", func(q []byte) [][]byte { return repeat(answered(q, wrongID), 100) }, "answer: the id is not that of the question"},
		{"truncated", func(q []byte) [][]byte {
			return [][]byte{answered(q, func(m *dnsmessage.Message) { m.Truncated = true })}
		}, `answer: truncated; ask with transport = "tcp"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := DNS{Target: answering(t, tt.reply), Name: "web.shop", Type: dnsmessage.TypeA}
			if tt.name == "truncated" {
				check.Expect = "192.0.2.1"
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			verify(t, check.Check(ctx), tt.want)
		})
	}
}

// Over TCP nobody else can have answered, and a length without its bytes is no answer.
func TestDNSHostileTCP(t *testing.T) {
	read := func(conn net.Conn) []byte {
		size := make([]byte, 2)
		io.ReadFull(conn, size)
		query := make([]byte, binary.BigEndian.Uint16(size))
		io.ReadFull(conn, query)
		return query
	}
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		want  string
	}{
		{"wrong id", func(conn net.Conn) {
			b := answered(read(conn), func(m *dnsmessage.Message) { m.ID++ })
			conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...))
		}, "answer: the id is not that of the question"},
		{"cut off", func(conn net.Conn) { read(conn); conn.Write([]byte{0xff, 0xff, 1}) }, "answer: connection closed"},
		{"drips", func(conn net.Conn) { read(conn); drip(conn, "\xff") }, "answer: timeout"},
		{"garbage", func(conn net.Conn) { read(conn); conn.Write([]byte("\x00\x04abcd")) }, "answer: malformed message"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := DNS{Target: listen(t, tt.serve), Name: ".", Type: dnsmessage.TypeSOA, TCP: true}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			verify(t, check.Check(ctx), tt.want)
		})
	}
	var names []string
	for name, code := range RCodes {
		if RCodeName(code) != name {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		t.Errorf("%s have no name", strings.Join(names, ", "))
	}
}
