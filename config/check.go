package config

import (
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// serviceCheck is a check block whose target still depends on the server.
type serviceCheck struct {
	Check
	address field[netip.Addr] // given: instead of the server's
	port    field[int]        // given: instead of the server's or the service's
}

// aim makes the checks of one server. A server without a port of its own is
// checked at the service's (first) port.
func aim(checks []serviceCheck, server netip.AddrPort, port uint16) []Check {
	var aimed []Check
	for _, c := range checks {
		address := server.Addr()
		if c.address.given {
			address = c.address.value
		}
		if server.Port() != 0 {
			port = server.Port()
		}
		if c.port.given {
			port = uint16(c.port.value)
		}
		c.Target = netip.AddrPortFrom(address, port)
		aimed = append(aimed, c.Check)
	}
	return aimed
}

// readChecks reads the check blocks of a service or a server. None means that
// the check "none" was the only one.
func (r *reader) readChecks(b *block) []serviceCheck {
	blocks := b.blocks("check")
	var all []serviceCheck
	for _, c := range blocks {
		if c.label == "none" {
			if len(blocks) > 1 {
				r.fail(c.at, "Check \"none\" beside others", "check \"none\" says that nothing is checked. Remove it, or the other checks.")
			}
			continue
		}
		all = append(all, r.readCheck(c))
	}
	return all
}

func (r *reader) readCheck(b *block) serviceCheck {
	interval := read(r, b, "interval", duration(10*time.Millisecond, 24*time.Hour, time.Millisecond)).or(2 * time.Second)
	timeout := read(r, b, "timeout", duration(time.Millisecond, 24*time.Hour, time.Millisecond)).or(time.Second)
	fast := read(r, b, "fast_interval", duration(10*time.Millisecond, 24*time.Hour, time.Millisecond)).or(interval.value)
	if interval.ok && timeout.ok && timeout.value > interval.value {
		r.fail(place(timeout, interval), "Invalid timeout", fmt.Sprintf(
			"The timeout of %s is longer than the interval of %s: the next probe would start before this one ends. Set both.", orDefault(timeout), orDefault(interval)))
	}
	if interval.ok && fast.ok && fast.value > interval.value {
		r.fail(fast.at, "Invalid fast_interval", fmt.Sprintf("%s is longer than the interval of %s.", fast.shown(), orDefault(interval)))
	}
	c := serviceCheck{
		address: read(r, b, "address", hostAddress),
		port:    read(r, b, "port", integer(1, 65535)),
	}
	c.Kind = b.label
	c.Interval, c.Timeout, c.FastInterval = interval.value, timeout.value, fast.value
	c.Fall = read(r, b, "fall", integer(1, 1000)).or(3).value
	c.Rise = read(r, b, "rise", integer(1, 1000)).or(2).value
	if b.label == "http" {
		c.HTTP = r.readHTTP(b)
	}
	return c
}

// place is where to complain about two attributes of which one may be a
// default.
func place[A, B any](a field[A], b field[B]) hcl.Range {
	if a.given {
		return a.at
	}
	return b.at
}

// orDefault is a value as messages show it, with a word about defaults.
func orDefault[T any](f field[T]) string {
	if f.given {
		return f.shown()
	}
	return f.shown() + " (the default)"
}

func (r *reader) readHTTP(b *block) HTTPCheck {
	read(r, b, "follow_redirects", onlyFalse)
	h := HTTPCheck{
		Method:  read(r, b, "method", method).or(http.MethodGet).value,
		Path:    read(r, b, "path", requestTarget).or("/").value,
		Host:    read(r, b, "host", hostHeader).value,
		Headers: r.readHeaders(b),
		Body:    read(r, b, "body", text).value,
		Expect:  read(r, b, "expect", expression).value,
	}
	status := readList(r, b, "status", statusRange)
	for _, s := range status.value {
		h.Status = append(h.Status, s.value)
	}
	if !status.given {
		h.Status = []StatusRange{{From: 200, To: 399}}
	} else if status.ok && len(h.Status) == 0 {
		r.fail(status.at, "Invalid status", "An empty list would accept no answer at all. List codes such as 200 or \"200-299\".")
	}
	return h
}

// readHeaders reads headers, a map from name to value.
func (r *reader) readHeaders(b *block) map[string]string {
	v, _, ok := r.lookup(b, "headers")
	if !ok {
		return nil
	}
	if !isMap(v.v.Type()) {
		r.fail(v.at, "Invalid headers", fmt.Sprintf("%s is not a map from header to value: headers = { Accept = \"text/plain\" }.", v))
		return nil
	}
	keys, places := entryRanges(b.attribute("headers").Expr)
	headers := map[string]string{}
	entries := v.v.AsValueMap()
	for _, name := range sortedKeys(entries) {
		key := value{v: cty.StringVal(name), at: v.at, hidden: v.hidden}
		if at, found := keys[name]; found {
			key.at = at
		}
		entry := value{v: entries[name], at: v.at, hidden: v.hidden}
		if at, found := places[name]; found {
			entry.at = at
		}
		parsed(r, "headers", key, headerName)
		f := parsed(r, "headers", entry, headerValue)
		canonical := http.CanonicalHeaderKey(name)
		if _, again := headers[canonical]; again {
			r.fail(key.at, "Invalid headers", fmt.Sprintf("The header %s is there twice; upper and lower case do not matter.", key))
		}
		headers[canonical] = f.value
	}
	return headers
}

func onlyFalse(v value) (bool, error) {
	yes, err := boolean(v)
	if err == nil && yes {
		return false, notYetError{"follow_redirects = true"}
	}
	return yes, err
}

var token = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+$`) // RFC 9110, 5.6.2

func method(v value) (string, error) {
	s, err := text(v)
	if err == nil && (!token.MatchString(s) || s != strings.ToUpper(s)) {
		return "", complain("%s is not an HTTP method such as \"GET\" or \"HEAD\".", v)
	}
	return s, err
}

// requestTarget accepts an origin-form target: path and query (RFC 9112, 3.2.1).
func requestTarget(v value) (string, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	bad := strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' })
	if !strings.HasPrefix(s, "/") || bad {
		return "", complain("%s is not a path: it starts with / and has no spaces, fragments or unescaped special characters.", v)
	}
	return s, nil
}

func hostHeader(v value) (string, error) {
	s, err := filled(v)
	if err == nil && strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '/' }) {
		return "", complain("%s is not a host name.", v)
	}
	return s, err
}

func headerName(v value) (string, error) {
	s, err := text(v)
	switch {
	case err != nil:
		return "", err
	case !token.MatchString(s):
		return "", complain("%s is not a header name.", v)
	case strings.EqualFold(s, "Host"):
		return "", complain("The Host header is the attribute host.")
	}
	return s, nil
}

func headerValue(v value) (string, error) {
	s, err := text(v)
	if err == nil && strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return "", complain("%s has a line break or another control character.", v)
	}
	return s, err
}

// expression accepts a regular expression of Go's regexp package (RE2).
func expression(v value) (string, error) {
	s, err := filled(v)
	if err != nil {
		return "", err
	}
	if _, err := regexp.Compile(s); err != nil {
		if v.hidden {
			return "", complain("%s is not a regular expression.", v)
		}
		return "", complain("%s is not a regular expression: %s.", v, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return s, nil
}

// statusRange accepts a code such as 200, or a range such as "200-299".
func statusRange(v value) (StatusRange, error) {
	if v.v.Type() == cty.Number {
		code, err := integer(100, 599)(v)
		return StatusRange{From: code, To: code}, err
	}
	s, err := text(v)
	if err != nil {
		return StatusRange{}, complain("A status is a number such as 200 or a range such as \"200-299\"; %s is neither.", v)
	}
	low, high, isRange := strings.Cut(s, "-")
	if !isRange {
		high = low
	}
	from, err1 := strconv.Atoi(low)
	to, err2 := strconv.Atoi(high)
	if err1 != nil || err2 != nil || from < 100 || to > 599 || from > to {
		return StatusRange{}, complain("%s is not a range of status codes from 100 to 599 such as \"200-299\".", v)
	}
	return StatusRange{From: from, To: to}, nil
}
