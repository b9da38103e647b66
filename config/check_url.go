package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// webPorts are the ports that URLs leave out.
var webPorts = map[string]int{"http": 80, "https": 443}

// readTarget reads what a tracker's request goes to: url, or else address, port and
// path.
func (r *reader) readTarget(b *block, c *Check) {
	address := read(r, b, "address", hostAddress)
	port := read(r, b, "port", integer(1, 65535)).or(webPorts[b.label])
	switch web := r.readURL(b, c); {
	case web.given:
		c.Target = web.value.target
	case !address.given:
		r.fail(b.at, "Missing attribute url", fmt.Sprintf("%s needs url, or address with port and path: what the request goes to.", b.title()))
	default:
		c.Target = netip.AddrPortFrom(address.value, uint16(port.value))
	}
}

// readURL reads the attribute url of a check that may have one, and the path in it.
func (r *reader) readURL(b *block, c *Check) field[location] {
	if webPorts[b.label] == 0 {
		return field[location]{}
	}
	web := read(r, b, "url", webAddress(b.label))
	if !web.given {
		return web
	}
	for _, name := range []string{"address", "port", "path"} {
		if attr := b.attribute(name); attr != nil {
			r.fail(attr.NameRange, "Invalid "+name, fmt.Sprintf("The url of %s says it already: remove one of them.", b.title()))
		}
	}
	if web.ok {
		c.HTTP.Path = web.value.path
	}
	return web
}

// location is what a URL says.
type location struct {
	target netip.AddrPort
	path   string
}

// webAddress accepts a URL of the scheme with an IP address in it: a check that needs
// the name service would fail with it.
func webAddress(scheme string) func(value) (location, error) {
	return func(v value) (location, error) { return parseURL(scheme, v) }
}

func parseURL(scheme string, v value) (location, error) {
	s, err := text(v)
	if err != nil {
		return location{}, err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return location{}, complain("%s is not a URL such as \"%s://127.0.0.1:8080/healthz\".", v, scheme)
	case u.Scheme != scheme && webPorts[u.Scheme] != 0:
		return location{}, complain("%s begins with %s://; that is the kind %q.", v, u.Scheme, u.Scheme)
	case u.Scheme != scheme:
		return location{}, complain("%s is not a URL that begins with %s://.", v, scheme)
	case u.User != nil:
		return location{}, complain("%s has a user in it. Write an Authorization header in headers.", v)
	}
	address, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return location{}, complain("%s has no IP address for its host. Write the address, and the name in host, so that the check does not depend on the name service.", v)
	}
	if _, err := parseHost(address.String(), v); err != nil {
		return location{}, err
	}
	port := uint64(webPorts[scheme])
	if u.Port() != "" {
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
			return location{}, complain("%s has a port that is not 1 to 65535.", v)
		}
	}
	path := "/"
	if _, rest, found := strings.Cut(strings.TrimPrefix(s, scheme+"://"), "/"); found {
		path += rest
	} else if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if _, err := requestTarget(value{v: cty.StringVal(path), hidden: v.hidden}); err != nil {
		return location{}, err
	}
	return location{netip.AddrPortFrom(address, uint16(port)), path}, nil
}
