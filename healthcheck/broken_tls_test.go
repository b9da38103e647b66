package healthcheck

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hello is the head of a record of the handshake, 64 bytes long.
const hello = "\x16\x03\x03\x00\x40"

// brokenTLS are servers that break TLS; want is the whole error. slow ones cost the timeout,
// all others no time at all.
var brokenTLS = []struct {
	name  string
	serve func(net.Conn, *tls.Config)
	want  string
	slow  bool
}{
	{"plain HTTP", func(c net.Conn, _ *tls.Config) {
		go readRequest(c)
		c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		time.Sleep(time.Millisecond)
	}, "tls handshake: the server does not speak TLS", false},
	{"closes at once", func(net.Conn, *tls.Config) {}, "tls handshake: connection closed", false},
	{"closes in the middle", func(c net.Conn, _ *tls.Config) { c.Read(make([]byte, 4096)) }, "tls handshake: connection closed", false},
	{"is cut in its own hello", cutAfter(60), "tls handshake: connection closed", false},
	{"is cut in its certificate", cutAfter(400), "tls handshake: connection closed", false},
	{"says nothing", func(c net.Conn, _ *tls.Config) { silence(c) }, "tls handshake: timeout", true},
	{"drips a handshake", func(c net.Conn, _ *tls.Config) { c.Read(make([]byte, 4096)); drip(c, "\x16\x03\x03\x40\x00\x02") }, "tls handshake: timeout", true},
	{"too old", func(c net.Conn, _ *tls.Config) {
		tls.Server(c, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, Certificates: []tls.Certificate{{}}}).Handshake()
	}, "tls handshake: the server refuses: protocol version not supported", false},
	{"an alert", says("\x15\x03\x03\x00\x02\x02\x28"), "tls handshake: the server refuses: handshake failure", false},
	{"an endless message", says(hello + "\x02\xff\xff\xff" + strings.Repeat("A", 60) + forEver), "tls handshake: tls: handshake message of length 16777215 bytes exceeds maximum of 65536 bytes", false},
	{"a long message without end", says(hello + "\x02\x00\xff\xff" + strings.Repeat("A", 60) + hello + strings.Repeat("A", 64) + forEver), "tls handshake: local error: tls: error decoding message", false},
	{"endless empty records", says("\x16\x03\x03\x00\x00" + forEver), "tls handshake: local error: tls: unexpected message", false},
	{"endless warnings", says("\x15\x03\x03\x00\x02\x01\x5a" + forEver), "tls handshake: tls: too many ignored records", false},
	{"endless hellos", says("\x16\x03\x03\x00\x04\x00\x00\x00\x00" + forEver), "tls handshake: tls: received unexpected handshake message of type *tls.helloRequestMsg when waiting for *tls.serverHelloMsg", false},
	{"data first", says("\x17\x03\x03\x00\x05hello"), "tls handshake: the server does not speak TLS", false},
	{"a record too long", says("\x16\x03\x03\xff\xff" + forEver), "tls handshake: the server does not speak TLS", false},
	{"a record of another version", says("\x16\x09\x09\x00\x05hello"), "tls handshake: tls: handshake message of length 6646892 bytes exceeds maximum of 65536 bytes", false},
	{"a certificate of 300 KiB", func(c net.Conn, good *tls.Config) {
		long := good.Clone()
		chain := good.Certificates[0]
		chain.Certificate = [][]byte{make([]byte, 300<<10)}
		long.Certificates = []tls.Certificate{chain}
		tls.Server(c, long).Handshake()
	}, "tls handshake: tls: handshake message of length 307209 bytes exceeds maximum of 262144 bytes", false},
}

// forEver has utter repeat what is before it.
const forEver = "\x00for ever"

// says is a server that answers the first message with this.
func says(text string) func(net.Conn, *tls.Config) {
	return func(c net.Conn, _ *tls.Config) {
		c.Read(make([]byte, 4096))
		utter(c, text)
	}
}

// utter sends a text, with forEver at its end until the other side has gone.
func utter(c net.Conn, text string) {
	go silence(c)
	if text, endless := strings.CutSuffix(text, forEver); endless {
		repeat(c, text)
	}
	c.Write([]byte(text))
	time.Sleep(time.Millisecond) // reset no one who has not read it
}

// silence takes everything and says nothing.
func silence(c net.Conn) {
	for b := make([]byte, 512); ; {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// cutAfter is a good server whose connection ends after so many bytes.
func cutAfter(n int) func(net.Conn, *tls.Config) {
	return func(c net.Conn, good *tls.Config) { tls.Server(&short{Conn: c, left: n}, good).Handshake() }
}

// short is a connection that lets so many bytes out.
type short struct {
	net.Conn
	left int
}

func (s *short) Write(b []byte) (int, error) {
	n, _ := s.Conn.Write(bytes.Clone(b[:min(len(b), s.left)]))
	if s.left -= n; s.left == 0 {
		return n, net.ErrClosed
	}
	return n, nil
}

// Each of these costs one probe: its timeout at most.
func TestBrokenTLS(t *testing.T) {
	for _, tt := range brokenTLS {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				good := newAuthority(t, "hald test").serve(t, "192.0.2.1", -day, day)
				check := &TLS{Target: netip.MustParseAddrPort("192.0.2.1:443"), dial: pipe(func(c net.Conn) { tt.serve(c, good) })}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				verify(t, check.Check(ctx), tt.want)
				if took := time.Since(start); tt.slow && took != time.Second || !tt.slow && took > 10*time.Millisecond {
					t.Errorf("took %v", took)
				}
				time.Sleep(time.Second) // lets the server notice
			})
		})
	}
}

// Over real sockets: the same servers, and what a probe may allocate, with what its server does.
func TestBrokenTLSOnLoopback(t *testing.T) {
	good := newAuthority(t, "hald test").serve(t, "127.0.0.1", -day, day)
	for _, tt := range brokenTLS {
		t.Run(tt.name, func(t *testing.T) {
			check := &TLS{Target: listen(t, func(c net.Conn) {
				tt.serve(c, good)
				c.(*net.TCPConn).CloseWrite() // what is closed before all is read resets the other side
				silence(c)
			})}
			verifyFrugal(t, check, tt.slow, tt.want, 4<<20)
		})
	}
}

// What a server sends after a good handshake, past its own TLS, is no answer.
func TestBrokenRecords(t *testing.T) {
	for name, tt := range map[string]struct{ record, want string }{
		"encrypted by nobody":  {"\x17\x03\x03\x00\x20" + strings.Repeat("A", 32), "response: local error: tls: bad record MAC"},
		"plain":                {"HTTP/1.1 200 OK\r\n\r\n", "response: tls: received record with version 5454 when expecting version 303"},
		"cut":                  {"\x17\x03\x03\x40\x00AAAA", "response: connection closed"},
		"endless, of no bytes": {"\x17\x03\x03\x00\x00" + forEver, "response: local error: tls: bad record MAC"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signer := newAuthority(t, "hald test")
				good := signer.serve(t, "192.0.2.1", -day, day)
				check := &HTTP{Target: netip.MustParseAddrPort("192.0.2.1:443"), Secure: &Secure{CA: signer.path}, dial: pipe(func(c net.Conn) {
					readRequest(tls.Server(c, good))
					utter(c, tt.record)
				})}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				verify(t, check.Check(ctx), tt.want)
				if took := time.Since(start); took > 10*time.Millisecond {
					t.Errorf("took %v", took)
				}
				time.Sleep(time.Second) // lets the server notice
			})
		})
	}
}
