package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// readHTTP reads what a check "http" or "https" asks and expects.
func (r *reader) readHTTP(b *block) HTTPCheck {
	expect, sum := read(r, b, "expect", expression), read(r, b, "sha256", digest)
	h := HTTPCheck{
		Method:  read(r, b, "method", method).or(http.MethodGet).value,
		Path:    read(r, b, "path", requestTarget).or("/").value,
		Host:    read(r, b, "host", hostHeader).value,
		Headers: r.readHeaders(b),
		Body:    read(r, b, "body", text).value,
		Expect:  expect.value,
		SHA256:  sum.value,
		Follow:  read(r, b, "follow_redirects", boolean).value,
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
	followed := func(s StatusRange) bool { return slices.Contains(redirects, s.From) && s.From == s.To }
	if h.Follow && status.ok && len(h.Status) > 0 && !slices.ContainsFunc(h.Status, func(s StatusRange) bool { return !followed(s) }) {
		r.fail(status.at, "Status that is never seen", "With follow_redirects the status is that of the last answer, which is no redirect. List the codes of that one, or do not follow.")
	}
	for _, f := range []field[string]{expect, sum} {
		if summary, why := h.bodiless(); f.given && summary != "" {
			r.fail(f.at, summary, why+", or remove this.")
		}
	}
	return h
}

// bodiless says why no accepted answer has content to look at (RFC 9110, 9.3.2, 15.2, 15.3.5,
// 15.3.6 and 15.4.5), and the beginning of what to do; nothing where one may.
func (h HTTPCheck) bodiless() (summary, why string) {
	if h.Method == http.MethodHead {
		return "Body of an answer to HEAD", "The answer to HEAD has no body to look at: ask with another method"
	}
	content := func(s StatusRange) bool {
		return s.To >= 200 && (s.From != s.To || !slices.Contains([]int{204, 205, 304}, s.From))
	}
	if len(h.Status) > 0 && !slices.ContainsFunc(h.Status, content) {
		return "Body of an answer without one", "Answers of this status have no body to look at: accept others"
	}
	return "", ""
}

// redirects are the codes of answers that send the client elsewhere (RFC 9110, 15.4).
var redirects = []int{301, 302, 303, 307, 308}

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
		if slices.Contains([]string{"Content-Length", "Transfer-Encoding", "Trailer"}, canonical) {
			r.fail(key.at, "Invalid headers", fmt.Sprintf("The header %s says where a request ends, which hald does itself. Remove it.", key))
		}
		if _, again := headers[canonical]; again {
			r.fail(key.at, "Invalid headers", fmt.Sprintf("The header %s is there twice; upper and lower case do not matter.", key))
		}
		headers[canonical] = f.value
	}
	return headers
}

// digest accepts a SHA-256 as sha256sum writes it.
func digest(v value) (string, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	if b, err := hex.DecodeString(s); err != nil || len(b) != sha256.Size {
		return "", complain("%s is not a SHA-256: 64 hexadecimal digits, as sha256sum writes them.", v)
	}
	return strings.ToLower(s), nil
}

var token = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+$`) // RFC 9110, 5.6.2

func method(v value) (string, error) {
	s, err := text(v)
	switch {
	case err != nil:
		return "", err
	case !token.MatchString(s) || s != strings.ToUpper(s):
		return "", complain("%s is not an HTTP method such as \"GET\" or \"HEAD\".", v)
	case s == http.MethodConnect:
		return "", complain("%s asks a proxy for a tunnel to somewhere else, and for no path. Ask with another method.", v)
	}
	return s, nil
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
