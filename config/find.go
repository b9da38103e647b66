package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// dnsName is a name of the DNS (RFC 1035, 2.3.1), with the underscores of services
// (RFC 2782). Its last label is no number, so that a wrong address is no name.
var dnsName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?$`)
})

// readWhere reads where a server is: at an address, or where its addresses are found.
func (r *reader) readWhere(b *block, s *server) {
	s.address = read(r, b, "address", serverAddress)
	given := s.address.given
	for _, kind := range findKinds(b) {
		f := read(r, b, kind, findable[kind])
		if f.given && given {
			r.fail(f.at, "More than one place", fmt.Sprintf("%s is at an address, or has dns, srv or file to find it: one of the four.", b.title()))
			continue
		}
		if f.given {
			given, s.find = true, f
		}
		if f.ok {
			s.Find = &Find{Kind: kind, Name: f.value}
			s.Address = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
			if name, port, has := strings.Cut(f.value, ":"); has && kind == "dns" {
				n, _ := strconv.ParseUint(port, 10, 16)
				s.Find.Name, s.Address = name, netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(n))
			}
		}
	}
	r.mustBeGiven(b, "address", "ADDRESS or ADDRESS:PORT of the server", given)
}

// findKinds are the attributes that find servers: a sorry server is one, at an address.
func findKinds(b *block) []string {
	if b.kind == "sorry_server" {
		return nil
	}
	return []string{"dns", "srv", "file"}
}

var findable = map[string]func(value) (string, error){
	"dns": func(v value) (string, error) {
		s, err := text(v)
		if err != nil {
			return s, err
		}
		name, port, has := strings.Cut(s, ":")
		if _, is := netip.ParseAddr(s); is == nil {
			return s, complain("%s is an IP address: write it as address.", v)
		}
		if n, err := strconv.ParseUint(port, 10, 16); has && (err != nil || n == 0) || len(name) > 253 || !dnsName().MatchString(name) {
			return s, complain("%s is not NAME or NAME:PORT with a DNS name, for example \"web.example.net\".", v)
		}
		return s, nil
	},
	"srv": func(v value) (string, error) {
		s, err := text(v)
		if err == nil && (len(s) > 253 || !dnsName().MatchString(s)) {
			return s, complain("%s is not the name of a service in the DNS, for example \"_http._tcp.example.net\".", v)
		}
		return s, err
	},
	"file": absolutePath,
}

// checkFind tells a server that is to be found which addresses it may have: those that a
// server at an address could have.
func (r *reader) checkFind(sv *service, s *server, synced bool) {
	any := s.Forwarding == "tun" && !synced
	may := func(f family) bool {
		return any || !slices.ContainsFunc(sv.families, func(o family) bool { return o != f })
	}
	s.Find.IPv4, s.Find.IPv6, s.Find.Port = may(ipv4), may(ipv6), s.Forwarding != "dr"
	if !s.Find.IPv4 && !s.Find.IPv6 {
		title := "Mixed families without a tunnel"
		if s.Forwarding == "tun" {
			title = "Mixed families with connection_sync"
		}
		r.fail(s.find.at, title, fmt.Sprintf(
			"The virtual server is of IPv4 and IPv6, and no address that %s finds would be of both: make two of it, or forward with \"tun\" and without connection_sync.", s.find.shown()))
	}
	for _, c := range s.Checks {
		if c.Source.IsValid() && c.Target.Addr().IsUnspecified() && !may(familyOf(c.Source)) {
			r.fail(s.find.at, "Invalid source", fmt.Sprintf("Check %q comes from an address of %s, and no address that %s finds would be of that.", c.Kind, familyOf(c.Source), s.find.shown()))
		}
	}
	if s.Forwarding == "dr" && (s.Find.Kind == "srv" || s.Address.Port() != 0) {
		r.fail(s.find.at, "Port on a direct-routing server", fmt.Sprintf(
			"%s gives a port, but with forwarding \"dr\" packets reach the server unchanged: use dns without a port, or forward with \"nat\" or \"tun\".", s.find.shown()))
	}
}
