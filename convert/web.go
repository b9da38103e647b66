package convert

import (
	"regexp"
	"strings"
)

// certified gives a check the certificate of the SSL block.
func (r *reader) certified(b *block) {
	if r.tls == nil {
		return
	}
	for _, s := range r.tls.block {
		switch s.key() {
		case "certificate", "key":
			b.set(s.key(), text(s.arg(0)), s.at)
		case "ca":
			r.lost(s.at, "%s: keepalived verifies nothing by it; set verify and ca where you want that", said(s))
		default:
			r.lost(s.at, "%s: a key with a password cannot be read", s.key())
		}
	}
	if (b.value("certificate") == "") != (b.value("key") == "") {
		r.lost(r.tls.at, "SSL: certificate and key belong together")
		b.drop("certificate")
		b.drop("key")
	}
}

// readEach reads a URL, or a host of an SMTP_CHECK.
func (r *reader) readEach(b *block, s *statement, port string) {
	pattern, flags, inverse := "", "", false
	for _, inner := range s.block {
		if r.aimed(b, inner, port) {
			continue
		}
		switch inner.key() {
		case "path":
			path := inner.arg(0)
			if !strings.HasPrefix(path, "/") {
				path = "/" + path
			}
			b.put("path", text(path), inner)
		case "virtualhost":
			b.put("host", text(inner.arg(0)), inner)
		case "status_code":
			var codes []string
			for _, c := range inner.args() {
				if n, is := whole(c); is {
					codes = append(codes, number(n))
				} else {
					codes = append(codes, text(c))
				}
			}
			b.put("status", list(codes), inner)
		case "digest":
			r.lost(inner.at, "%s: an MD5 of the page is not looked at; hald has sha256, and expect", said(inner))
		case "regex":
			pattern = inner.arg(0)
			b.comments = append(b.comments, inner.comments...)
		case "regex_no_match":
			inverse = true
		case "regex_options":
			for _, o := range inner.args() {
				if f := map[string]string{"caseless": "i", "multiline": "m", "dotall": "s", "ungreedy": "U", "utf": " "}[o]; f != "" {
					flags += strings.TrimSpace(f)
				} else {
					r.lost(inner.at, "regex_options %s: RE2 has no such option", o)
				}
			}
		default:
			r.elsewhere(inner, map[string]fate{"regex_stack": {Note, "RE2 needs no stack"},
				"regex_min_offset": {Lost, "the first 64 KiB are looked at"}, "regex_max_offset": {Lost, "the first 64 KiB are looked at"}})
		}
	}
	if pattern == "" {
		return
	}
	if flags != "" {
		pattern = "(?" + flags + ")" + pattern
	}
	switch _, err := regexp.Compile(pattern); {
	case inverse:
		r.lost(s.at, "regex_no_match: expect has to match")
	case err != nil:
		r.lost(s.at, "regex %q: hald's regular expressions are RE2's, which has no such thing: %v", pattern, err)
	default:
		b.set("expect", text(pattern), s.at)
	}
}
