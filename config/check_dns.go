package config

import (
	"fmt"
	"net/netip"
	"strings"
)

var (
	recordTypes = []string{"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"}
	rcodes      = []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}
)

// readDNS reads what a check "dns" asks and expects.
func (r *reader) readDNS(b *block) DNSCheck {
	kind := read(r, b, "type", oneOf(recordTypes)).or("SOA")
	code := read(r, b, "rcode", oneOf(rcodes)).or("NOERROR")
	expect := read(r, b, "expect", filled)
	d := DNSCheck{
		Name: read(r, b, "name", domainName).or(".").value,
		Type: kind.value, RCode: code.value, Expect: expect.value,
		TCP: read(r, b, "transport", oneOf([]string{"udp", "tcp"})).or("udp").value == "tcp",
	}
	if !expect.ok {
		return d
	}
	if code.ok && d.RCode != "NOERROR" {
		r.fail(expect.at, "Invalid expect", fmt.Sprintf("An answer with rcode %s has no records to expect. Remove expect or rcode.", d.RCode))
	}
	if kind.ok && (d.Type == "A" || d.Type == "AAAA") {
		a, err := netip.ParseAddr(d.Expect)
		if err != nil || a.Is4() != (d.Type == "A") || a.Zone() != "" {
			r.fail(expect.at, "Invalid expect", fmt.Sprintf("%s is not the address in a record of type %s.", expect.shown(), d.Type))
		}
		d.Expect = a.String()
	}
	return d
}

// domainName accepts a name that can be asked for (RFC 1035, 2.3.4).
func domainName(v value) (string, error) {
	s, err := filled(v)
	if err != nil || s == "." {
		return s, err
	}
	name := strings.TrimSuffix(s, ".")
	if len(name) > 253 {
		return "", complain("%s is longer than a domain name can be, 253 characters.", v)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
			return "", complain("%s is not a domain name: between its dots are 1 to 63 characters without spaces, in ASCII.", v)
		}
	}
	return s, nil
}
