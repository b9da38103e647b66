package balancer

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/discovery"
)

// named is the web service with one server to be found, whose check is at what it has.
func named() (Service, Source) {
	source := Source{Kind: discovery.DNS, Name: "web.example.net", IPv4: true}
	s := web()
	m := server("a")
	m.Name, m.Find, m.Address = "web", &source, netip.MustParseAddrPort("0.0.0.0:0")
	m.Checks[0].Target = m.Address
	s.Servers = []Server{m}
	return s, source
}

// say has a source say that these servers are there.
func (b *bench) say(source Source, names ...string) {
	var a discovery.Answer
	for _, name := range names {
		a.Servers = append(a.Servers, discovery.Server{Address: netip.AddrPortFrom(address(name), 0)})
	}
	b.source(source.Name) <- a
	b.pass(1500 * time.Millisecond)
}

func (b *bench) fail(source Source, text string) {
	b.source(source.Name) <- discovery.Answer{Err: errors.New(text)}
	b.pass(time.Millisecond)
}

func TestPoolFollowsAName(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		s, source := named()
		b.configure(s)
		b.pass(time.Minute)
		b.expect("")
		if told := b.told("quorum"); told != "" {
			t.Errorf("before the first answer it told %s", told)
		}
		b.say(source, "a", "b")
		b.expect("a=1 b=1")
		if told := b.told("discovery"); told != "discovery.changed (dns web.example.net: 2 came, 0 went)" {
			t.Errorf("told %s", told)
		}
		b.say(source, "b", "c")
		b.pass(5 * time.Second)
		b.expect("b=1 c=1")
		if told := b.told("real_server"); told != "draining web/192.0.2.1 (no longer found); up web/192.0.2.3; removed web/192.0.2.1 (no connection left)" {
			t.Errorf("told %s", told)
		}
		// A failure takes nobody away, and is told once.
		for range 3 {
			b.fail(source, "SERVFAIL")
		}
		b.pass(time.Hour)
		b.expect("b=1 c=1")
		if st := b.shown()[0]; len(st.Discovery) != 1 || time.Since(st.Discovery[0].LastGood) < time.Hour {
			t.Errorf("status says %+v", st.Discovery)
		} else if f := st.Discovery[0]; fmt.Sprintln(f.Server, f.Source, f.Servers, f.Addresses, f.Error) != fmt.Sprintln("web", source, 2, []string{"192.0.2.2", "192.0.2.3"}, "SERVFAIL") {
			t.Errorf("status says %+v", f)
		}
		b.say(source, "b", "c")
		if told := b.told("discovery", "real_server"); told != "discovery.failed (dns web.example.net); discovery.recovered (dns web.example.net)" {
			t.Errorf("told %s", told)
		}
		// Each is a server like any other: it fails, and operators give orders for it.
		b.set(errRefused, "c")
		b.pass(6 * time.Second)
		b.expect("b=1")
		b.set(nil, "c")
		nine := 9
		b.send(Command{Overrides: &Overrides{[]Override{{Service: "web", Server: "web/192.0.2.2", Weight: &nine}}}})
		b.pass(5 * time.Second)
		b.expect("b=9 c=1")
	})
}

// What the kernel has may be the servers of a name that nobody answers for: it stays
// until there is an answer.
func TestPoolLeavesAWarmTableToAName(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.table.Put(kernel("a=3 b=3").Services[0])
		b.listen()
		s, source := named()
		b.configure(s)
		b.fail(source, "timeout")
		b.pass(time.Minute)
		b.expect("a=3 b=3")
		b.say(source, "b")
		b.pass(5 * time.Second)
		b.expect("b=1")
	})
}

// Without any answer, and with a failure instead, the sorry server is right.
func TestPoolIsSorryForANameThatFails(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		s, source := named()
		s.Sorry = sorry()
		b.configure(s)
		b.pass(time.Minute)
		b.expect("")
		b.fail(source, "NXDOMAIN")
		b.pass(time.Second)
		b.expect("s=1")
		b.say(source, "a")
		b.pass(time.Second)
		b.expect("a=1 s=0")
	})
}

// The last good answer outlives the daemon; a file that is damaged is told of.
func TestPoolRemembersWhatItFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "found.json")
	s, source := named()
	inBubble(t, func(b *bench) {
		b.listen()
		b.command(Config{Services: []Service{s}, Found: path})
		b.say(source, "a", "b")
	})
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "192.0.2.2") {
		t.Fatalf("kept: %s, %v", text, err)
	}
	inBubble(t, func(b *bench) {
		b.listen()
		b.command(Config{Services: []Service{s}, Found: path})
		b.fail(source, "SERVFAIL")
		b.pass(2 * time.Second)
		b.expect("a=1 b=1")
	})
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(b *bench) {
		b.listen()
		b.command(Config{Services: []Service{s}, Found: path})
		b.pass(time.Second)
		if told := b.told("daemon"); told != "daemon.state_error (read)" {
			t.Errorf("told %s", told)
		}
	})
}

// What cannot be kept is told once, shown as long as it lasts, and tried again.
func TestPoolTellsWhatItCannotKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "found.json")
	obstacle := path + ".new"
	if err := os.Mkdir(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(b *bench) {
		b.listen()
		s, source := named()
		b.command(Config{Services: []Service{s}, Found: path})
		b.say(source, "a")
		b.say(source, "a", "b")
		b.pass(time.Minute)
		b.expect("a=1 b=1")
		if told := b.told("daemon"); told != "daemon.state_error (write)" {
			t.Errorf("told %s", told)
		}
		if f := b.shown()[0].Discovery[0]; !strings.Contains(f.KeepError, "is a directory") || f.Error != "" {
			t.Errorf("status says %+v", f)
		}
		if err := os.Remove(obstacle); err != nil {
			t.Fatal(err)
		}
		b.pass(writeAgain + time.Second)
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "192.0.2.2") {
			t.Errorf("kept: %s, %v", text, err)
		}
		if f := b.shown()[0].Discovery[0]; f.KeepError != "" {
			t.Errorf("then status says %+v", f)
		}
	})
}

// Another server's address is not had twice; weights, ports and checks are each one's.
func TestExpand(t *testing.T) {
	s, source := named()
	s.Servers = append([]Server{server("a")}, s.Servers...)
	seven := 7
	got := expand(s, findings{source: {known: true, servers: []discovery.Server{
		{Address: netip.MustParseAddrPort("192.0.2.1:0")},
		{Address: netip.MustParseAddrPort("192.0.2.2:8080"), Weight: &seven},
		{Address: netip.MustParseAddrPort("192.0.2.3:0")},
	}}})
	var text []string
	for _, m := range got.Servers {
		text = append(text, m.Name, m.Address.String(), got.target(&m.Checks[0], m.Address).String())
	}
	if text := strings.Join(text, " "); text != "a 192.0.2.1:0 192.0.2.1:80 "+
		"web/192.0.2.2:8080 192.0.2.2:8080 192.0.2.2:8080 web/192.0.2.3 192.0.2.3:0 192.0.2.3:80" || got.Servers[1].Weight != 7 || got.Servers[2].Weight != 1 {
		t.Errorf("%s %+v", text, got.Servers)
	}
}
