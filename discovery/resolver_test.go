package discovery

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is a name server on a loopback address.
type zone struct {
	t       *testing.T
	udp     net.PacketConn
	records []dnsmessage.Resource
	rcode   dnsmessage.RCode
	forge   bool // a wrong answer goes before each
	large   bool // nothing fits into UDP
}

func serve(t *testing.T, z *zone) Resolver {
	z.t = t
	var err error
	var l net.Listener
	for range 10 { // one number for both
		if z.udp, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if l, err = net.Listen("tcp", z.udp.LocalAddr().String()); err == nil {
			break
		}
		z.udp.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { z.udp.Close(); l.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := z.udp.ReadFrom(buffer)
			if err != nil {
				return
			}
			if z.forge {
				z.udp.WriteTo(z.answer(buffer[:n], 1, false), from)
			}
			z.udp.WriteTo(z.answer(buffer[:n], 0, z.large), from)
		}
	}()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var length [2]byte
			io.ReadFull(c, length[:])
			question := make([]byte, binary.BigEndian.Uint16(length[:]))
			io.ReadFull(c, question)
			a := z.answer(question, 0, false)
			c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...))
			c.Close()
		}
	}()
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("# comment\nsearch example.net\nnameserver "+z.udp.LocalAddr().String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Resolver{Conf: conf}
}

func (z *zone) answer(question []byte, wrong uint16, truncated bool) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		z.t.Error(err)
	}
	m.ID += wrong
	m.Response, m.RCode, m.Truncated, m.Additionals = true, z.rcode, truncated, nil
	for _, r := range z.records {
		cname := r.Header.Type == dnsmessage.TypeCNAME
		if !truncated && (cname || r.Header.Type == m.Questions[0].Type) {
			m.Answers = append(m.Answers, r)
		}
	}
	if wrong > 0 {
		m.Answers = []dnsmessage.Resource{a(m.Questions[0].Name.String(), 9, "198.51.100.66")}
	}
	packed, err := m.Pack()
	if err != nil {
		z.t.Error(err)
	}
	return packed
}

func head(name string, kind dnsmessage.Type, ttl uint32) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET, TTL: ttl}
}

func a(name string, ttl uint32, address string) dnsmessage.Resource {
	ip := netip.MustParseAddr(address)
	if ip.Is6() {
		return dnsmessage.Resource{Header: head(name, dnsmessage.TypeAAAA, ttl), Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}
	}
	return dnsmessage.Resource{Header: head(name, dnsmessage.TypeA, ttl), Body: &dnsmessage.AResource{A: ip.As4()}}
}

func cname(name string, ttl uint32, to string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: head(name, dnsmessage.TypeCNAME, ttl), Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(to)}}
}

func srv(name string, priority, weight, port uint16, to string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: head(name, dnsmessage.TypeSRV, 60), Body: &dnsmessage.SRVResource{
		Priority: priority, Weight: weight, Port: port, Target: dnsmessage.MustNewName(to)}}
}

func TestResolve(t *testing.T) {
	var crowd []dnsmessage.Resource
	for i := range MaxServers + 1 {
		crowd = append(crowd, a("web.test.", 5, fmt.Sprintf("10.0.%d.%d", i/250, i%250)))
	}
	both := Source{Kind: DNS, Name: "web.test", IPv4: true, IPv6: true}
	four := Source{Kind: DNS, Name: "web.test", IPv4: true}
	service := Source{Kind: SRV, Name: "_http._tcp.test", IPv4: true, Port: true}
	for name, tt := range map[string]struct {
		zone zone
		of   Source
		want string
		ttl  time.Duration
	}{
		"both families": {zone{records: []dnsmessage.Resource{a("web.test.", 30, "192.0.2.2"), a("web.test.", 60, "192.0.2.1"), a("WEB.test.", 20, "2001:db8::1")}},
			both, "192.0.2.1 192.0.2.2 2001:db8::1", 20 * time.Second},
		"one family": {zone{records: []dnsmessage.Resource{a("web.test.", 30, "192.0.2.2"), a("web.test.", 20, "2001:db8::1")}}, four, "192.0.2.2", 30 * time.Second},
		"by CNAMEs": {zone{records: []dnsmessage.Resource{cname("web.test.", 7, "b.test."), cname("b.test.", 9, "c.test."), a("c.test.", 30, "192.0.2.2")}},
			four, "192.0.2.2", 7 * time.Second},
		"a circle":              {zone{records: []dnsmessage.Resource{cname("web.test.", 7, "b.test."), cname("b.test.", 9, "web.test.")}}, four, "more than 8 CNAMEs", 0},
		"of another name":       {zone{records: []dnsmessage.Resource{a("other.test.", 30, "192.0.2.2")}}, four, "no address that can be used", 0},
		"not of use":            {zone{records: []dnsmessage.Resource{a("web.test.", 30, "224.0.0.1"), a("web.test.", 30, "0.0.0.0")}}, four, "no address that can be used", 0},
		"negative TTL":          {zone{records: []dnsmessage.Resource{a("web.test.", 1<<31, "192.0.2.2")}}, four, "192.0.2.2", 0},
		"NXDOMAIN":              {zone{rcode: dnsmessage.RCodeNameError}, four, "NXDOMAIN", 0},
		"SERVFAIL":              {zone{rcode: dnsmessage.RCodeServerFailure}, four, "SERVFAIL", 0},
		"forged":                {zone{forge: true, records: []dnsmessage.Resource{a("web.test.", 30, "192.0.2.2")}}, four, "192.0.2.2", 30 * time.Second},
		"truncated":             {zone{large: true, records: []dnsmessage.Resource{a("web.test.", 30, "192.0.2.2")}}, four, "192.0.2.2", 30 * time.Second},
		"too many":              {zone{large: true, records: crowd}, four, "1025 addresses, more than 1024", 0},
		"SRV of first priority": {zone{records: []dnsmessage.Resource{srv("_http._tcp.test.", 1, 5, 8080, "a.test."), srv("_http._tcp.test.", 1, 0, 8081, "b.test."), srv("_http._tcp.test.", 2, 9, 80, "a.test."), a("a.test.", 30, "192.0.2.1"), a("b.test.", 20, "192.0.2.2")}}, service, "192.0.2.1:8080 with weight 5 192.0.2.2:8081 with weight 1", 20 * time.Second},
		"SRV without weights":   {zone{records: []dnsmessage.Resource{srv("_http._tcp.test.", 1, 0, 8080, "a.test."), a("a.test.", 90, "192.0.2.1")}}, service, "192.0.2.1:8080", 60 * time.Second},
		"SRV of no service":     {zone{records: []dnsmessage.Resource{srv("_http._tcp.test.", 1, 0, 0, ".")}}, service, "no address that can be used", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := serve(t, &tt.zone).Resolve(t.Context(), tt.of)
			var said []string
			for _, s := range got.Servers {
				said = append(said, s.String())
			}
			if got.Err != nil {
				said = []string{got.Err.Error()}
			}
			if text := strings.Join(said, " "); text != tt.want && (got.Err == nil || !strings.Contains(text, tt.want)) || got.TTL != tt.ttl {
				t.Errorf("%s, for %v; want %s, for %v", text, got.TTL, tt.want, tt.ttl)
			}
		})
	}
}

// FuzzAnswers: no message makes it panic, nor gives more than it holds.
func FuzzAnswers(f *testing.F) {
	q, _ := question(1, "web.test", dnsmessage.TypeA)
	f.Add(q)
	f.Fuzz(func(t *testing.T, message []byte) {
		if records, _, err := answers(message, 1, "web.test", dnsmessage.TypeA); err == nil && len(records) > len(message) {
			t.Errorf("%d records in %d bytes", len(records), len(message))
		}
	})
}
