package healthcheck

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Both who can do a tcp check: the loop and a goroutine.
func bothWays(t *testing.T, check TCP, timeout time.Duration, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	verify(t, check.Check(ctx), want)
	loop := startLoop(t)
	loop.add(&check, time.Hour, timeout)
	verify(t, loop.next().Result.Err, want)
}

func TestTCPTalksWithMemcached(t *testing.T) {
	program, err := exec.LookPath("memcached")
	if err != nil {
		t.Fatal("memcached is not installed: integration/deps.sh does that")
	}
	at := unused(t)
	server := exec.Command(program, "-u", "nobody", "-l", at.Addr().String(), "-p", strconv.Itoa(int(at.Port())), "-U", "0")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	for range 500 {
		if (&TCP{Target: at}).Check(t.Context()) == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	bothWays(t, TCP{Target: at, Send: "version\r\n", Expect: regexp.MustCompile(`^VERSION \d+`)}, 10*time.Second, "")
	bothWays(t, TCP{Target: at, Send: "nonsense\r\nquit\r\n", Expect: regexp.MustCompile("^VERSION")}, 10*time.Second, `answer: "ERROR\r\n" does not match "^VERSION"`)
}

func TestTCPHostile(t *testing.T) {
	ready := regexp.MustCompile("ready")
	for _, tt := range []struct {
		name, want string
		serve      func(net.Conn)
	}{
		{"greets without being asked", "", func(conn net.Conn) {
			conn.Write([]byte("I am re"))
			conn.Write([]byte("ady"))
			io.Copy(io.Discard, conn)
		}},
		{"silence", "answer: timeout", func(conn net.Conn) { io.Copy(io.Discard, conn) }},
		{"closes", "answer: connection closed", func(net.Conn) {}},
		{"says something else", `answer: "busy" does not match "ready"`, func(conn net.Conn) { conn.Write([]byte("busy")) }},
		{"endless banner", `answer: nothing in its first 16 KiB matches "ready"`, func(conn net.Conn) { repeat(conn, "x") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bothWays(t, TCP{Target: listen(t, tt.serve), Expect: ready}, time.Second, tt.want)
		})
	}
}

// However an answer is cut, the work that it makes is bounded.
func TestReplyInPieces(t *testing.T) {
	r := reply{expect: regexp.MustCompile("ab+c")}
	for i, piece := range []string{"xa", "bb", "bc"} {
		if done, err := r.hear([]byte(piece), false); done != (i == 2) || err != nil {
			t.Fatalf("after %q: %t, %v", piece, done, err)
		}
	}
	r, n := reply{expect: regexp.MustCompile("never")}, 0
	for done := false; !done; n++ {
		var err error
		if done, err = r.hear([]byte("."), false); done && err == nil {
			t.Fatal("it matched")
		}
	}
	if n != maxPieces {
		t.Errorf("looked %d times", n)
	}
}

func TestUDP(t *testing.T) {
	pong := answering(t, func(q []byte) [][]byte { return [][]byte{append([]byte("pong "), q...)} })
	silent := answering(t, func([]byte) [][]byte { return nil })
	closed := func() netip.AddrPort {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return netip.MustParseAddrPort(conn.LocalAddr().String())
	}()
	for _, tt := range []struct {
		name  string
		check UDP
		want  string
	}{
		{"answers", UDP{Target: pong, Send: "x", Expect: regexp.MustCompile("^pong x$")}, ""},
		{"answers something else", UDP{Target: pong, Send: "x", Expect: regexp.MustCompile("ping")}, `answer: "pong x" does not match "ping"`},
		{"any answer", UDP{Target: pong}, ""},
		{"silence is enough", UDP{Target: silent}, ""},
		{"silence is not enough", UDP{Target: silent, Send: "x", Expect: regexp.MustCompile("x")}, "answer: timeout"},
		{"nobody listens", UDP{Target: closed}, "port unreachable: nobody listens there"},
		{"nobody listens, an answer is wanted", UDP{Target: closed, Send: "x", Expect: regexp.MustCompile("x")}, "port unreachable: nobody listens there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			verify(t, tt.check.Check(ctx), tt.want)
		})
	}
}

// mail serves SMTP: the answers to EHLO, STARTTLS and QUIT.
func mail(greeting, ehlo, starttls string, secure *tls.Config) func(net.Conn) {
	return func(conn net.Conn) {
		io.WriteString(conn, greeting)
		in := bufio.NewScanner(conn)
		for in.Scan() {
			switch verb, _, _ := strings.Cut(in.Text(), " "); verb {
			case "EHLO":
				io.WriteString(conn, ehlo)
			case "STARTTLS":
				io.WriteString(conn, starttls)
				if secure != nil {
					tls.Server(conn, secure).Handshake()
				}
			case "QUIT":
				return
			}
		}
	}
}

func TestSMTP(t *testing.T) {
	web := newAuthority(t, "ours").serve(t, "mx1", -time.Hour, time.Hour)
	const hello, offers = "220 mx1 ESMTP\r\n", "250-mx1 greets lb1\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"
	for _, tt := range []struct {
		name     string
		serve    func(net.Conn)
		starttls bool
		want     string
	}{
		{"well", mail(hello, "250 mx1\r\n", "", nil), false, ""},
		{"greeting of many lines", mail("220-mx1\r\n220-welcome\r\n220 ESMTP\r\n", "250 mx1\r\n", "", nil), false, ""},
		{"TLS", mail(hello, offers, "220 go on\r\n", web), true, ""},
		{"TLS not offered", mail(hello, "250-mx1\r\n250 SIZE\r\n", "", nil), true, "EHLO: the server does not offer STARTTLS"},
		{"TLS refused", mail(hello, offers, "454 not now\r\n", nil), true, `STARTTLS: "454 not now", not 220`},
		{"plain text before the handshake", mail(hello, offers, "220 go on\r\n250 injected\r\n", nil), true, "STARTTLS: the server goes on in plain text"},
		{"busy", mail("421 too many connections\r\n", "", "", nil), false, `greeting: "421 too many connections", not 220`},
		{"not for us", mail(hello, "550 go away\r\n", "", nil), false, `EHLO: "550 go away", not 250`},
		{"web server", mail("HTTP/1.1 400 Bad Request\r\n", "", "", nil), false, `greeting: "HTTP/1.1 400 Bad Request" is no answer of a mail server`},
		{"silence", func(conn net.Conn) { io.Copy(io.Discard, conn) }, false, "greeting: timeout"},
		{"closes", func(net.Conn) {}, false, "greeting: connection closed"},
		{"endless line", func(conn net.Conn) { repeat(conn, "2") }, false, "greeting: a line above 1000 bytes"},
		{"endless greeting", func(conn net.Conn) { repeat(conn, "220-mx1\r\n") }, false, "greeting: more than 100 lines"},
		{"drips", func(conn net.Conn) { drip(conn, "220-mx1\r\n") }, false, "greeting: timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			verify(t, (&SMTP{Target: listen(t, tt.serve), Helo: "lb1", StartTLS: tt.starttls}).Check(ctx), tt.want)
		})
	}
}
