package convert

import (
	"encoding/hex"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// checkOrder is how people read a check.
var checkOrder = []string{"address", "port", "source", "mark", "path", "host", "method", "status", "expect", "verify", "server_name", "command", "user",
	"dynamic_weight", "name", "type", "helo", "send", "interval", "timeout", "fast_interval", "fall", "rise"}

// kinds of checks, and what each has for the retries that are not told.
var kinds = map[string]struct {
	kind  string
	retry int
	pause time.Duration // 0: the loop
}{
	"HTTP_GET": {"http", 1, 3 * time.Second}, "SSL_GET": {"https", 1, 3 * time.Second}, "TCP_CHECK": {"tcp", 1, time.Second},
	"SMTP_CHECK": {"smtp", 1, time.Second}, "DNS_CHECK": {"dns", 3, 0}, "MISC_CHECK": {"exec", 0, time.Second},
	"UDP_CHECK": {"udp", 1, time.Second}, "PING_CHECK": {"ping", 1, time.Second}, "FILE_CHECK": {"file", 0, time.Second},
}

// readCheck reads one check, which is several here when it has several URLs or hosts.
func (r *reader) readCheck(s *statement, p rhythm, port string) []*block {
	k, known := kinds[s.key()]
	if !known {
		r.elsewhere(s, map[string]fate{"BFD_CHECK": {Lost, "hald speaks no BFD"}})
		return nil
	}
	b := newBlock("check", s.at, k.kind)
	b.comments = s.comments
	var each []*statement // url or host
	var misc time.Duration
	for _, inner := range s.block {
		if r.paced(&p, inner) || r.aimed(b, inner, port) {
			continue
		}
		switch key := inner.key(); {
		case key == "url" && (k.kind == "http" || k.kind == "https"), key == "host" && k.kind == "smtp":
			each = append(each, inner)
		case key == "misc_timeout":
			misc, _ = r.timer(inner, 0)
		default:
			r.readOwn(b, k.kind, inner)
		}
	}
	r.paceOf(b, s, p, k.kind, k.retry, k.pause, misc)
	if !r.finishCheck(b, s, k.kind, p) {
		return nil
	}
	if len(each) == 0 {
		b.order(checkOrder...)
		return []*block{b}
	}
	var all []*block
	for _, e := range each {
		one := *b
		one.attrs = nil
		for _, a := range b.attrs {
			copied := *a
			one.attrs = append(one.attrs, &copied)
		}
		r.readEach(&one, e, port)
		one.order(checkOrder...)
		all = append(all, &one)
		b.comments = nil
	}
	return all
}

// aimed reads what checks connect to, and from where.
func (r *reader) aimed(b *block, s *statement, port string) bool {
	switch s.key() {
	case "connect_ip":
		if a, ok := r.address(s, 0); ok {
			b.put("address", text(a.String()), s)
		}
	case "connect_port":
		if n, ok := r.integer(s, 0, 1, 65535); ok && number(n) != port {
			b.put("port", number(n), s)
		}
	case "bindto":
		if a, ok := r.address(s, 0); ok {
			b.put("source", text(a.String()), s)
		}
	case "fwmark":
		if n, ok := r.integer(s, 0, 1, 1<<31-1); ok {
			b.put("mark", number(n), s)
		}
	case "bind_port", "bind_if":
		r.lost(s.at, "%s: a check has a source address, and neither a port nor an interface of its own", said(s))
	default:
		return false
	}
	return true
}

// paceOf is how often and how patiently. keepalived takes a server out after a failure
// and its retries, and back after one success.
func (r *reader) paceOf(b *block, s *statement, p rhythm, kind string, retry int, pause, misc time.Duration) {
	if p.retry >= 0 {
		retry = p.retry
	}
	if p.pause > 0 {
		pause = p.pause
	}
	limit := p.timeout
	if kind == "exec" {
		if limit = misc; limit == 0 {
			limit = p.loop
		}
	}
	if kind == "file" {
		p.loop, limit, pause, retry = time.Second, time.Second, 0, 0
	}
	r.rhythm(b, s, p.loop, limit)
	if pause > 0 && pause < p.loop && retry > 0 {
		b.set("fast_interval", length(pause.Round(time.Millisecond)), s.at)
	}
	b.set("fall", number(retry+1), s.at)
	b.set("rise", "1", s.at)
}

// readOwn reads what one kind of check has.
func (r *reader) readOwn(b *block, kind string, s *statement) {
	switch kind + " " + s.key() {
	case "smtp helo_name":
		b.put("helo", text(s.arg(0)), s)
	case "dns type":
		if t := strings.ToUpper(s.arg(0)); slices.Contains(strings.Fields("A AAAA CNAME MX NS PTR SOA SRV TXT"), t) {
			b.put("type", text(t), s)
		} else {
			r.lost(s.at, "%s: hald asks for no such type", said(s))
		}
	case "dns name":
		b.put("name", text(s.arg(0)), s)
	case "exec misc_path":
		if args, user, ok := r.command(s); ok {
			b.put("command", texts(args), s)
			if user != "" {
				b.set("user", text(user), s.at)
			}
		}
	case "exec misc_dynamic":
		b.put("dynamic_weight", "true", s)
		r.lost(s.at, "misc_dynamic: an exit status of 2 to 255 is the weight in hald, and two less in keepalived")
	case "exec user":
		b.put("user", text(s.arg(0)), s)
	case "https enable_sni", "https sni_name":
		b.put("server_name", text(s.arg(0)), s)
	case "udp payload":
		if data, ok := hexed(strings.Join(s.args(), " ")); ok {
			b.put("send", text(string(data)), s)
		} else {
			r.lost(s.at, "%s: what hald sends is text; these bytes are none", said(s))
		}
	case "udp require_reply":
		pattern := "(?s)."
		if len(s.words) > 1 {
			data, ok := hexed(strings.Join(s.args(), " "))
			if !ok {
				r.lost(s.at, "%s: what hald compares is text; any answer will do", said(s))
			} else {
				pattern = "^" + regexp.QuoteMeta(string(data))
			}
		}
		b.put("expect", text(pattern), s)
	case "file track_file":
		def := r.scripts["track_file "+s.arg(0)]
		if def == nil {
			r.lost(s.at, "%s is not defined", said(s))
			return
		}
		def.used = true
		for _, inner := range def.block {
			if inner.key() == "file" && filepath.IsAbs(inner.arg(0)) {
				b.put("path", text(inner.arg(0)), s)
			}
		}
	default:
		r.elsewhere(s, ofCheck)
	}
}

var ofCheck = map[string]fate{
	"http_protocol":    {Note, "hald speaks HTTP/1.1"},
	"fast_recovery":    {Note, "each URL is a check of its own, all at once"},
	"tls_compliant":    {Note, "hald's TLS is that of the standard"},
	"min_reply_length": {Lost, "expect is a regular expression on the answer"},
	"max_reply_length": {Lost, "expect is a regular expression on the answer"},
	"dynamic":          {Lost, "the content 0 is healthy, any other is not"},
	"weight":           {Lost, "the content 0 is healthy, any other is not"},
	"name":             {Lost, "hald speaks no BFD"},
}

// hexed reads hexadecimal digits in keepalived's free form; ok is false where they are
// no text, or have wildcards.
func hexed(s string) (data []byte, ok bool) {
	for f := range strings.FieldsSeq(s) {
		if len(f)%2 == 1 {
			f = f[:len(f)-1] + "0" + f[len(f)-1:]
		}
		part, err := hex.DecodeString(f)
		if err != nil {
			return nil, false
		}
		data = append(data, part...)
	}
	return data, len(data) > 0 && utf8.Valid(data) && !slices.Contains(data, 0)
}

// finishCheck settles what does not go together, and says whether a check came of it.
func (r *reader) finishCheck(b *block, s *statement, kind string, p rhythm) bool {
	switch kind {
	case "http", "https":
		b.set("status", `["200-299"]`, s.at)
		if p.host != "" {
			b.set("host", text(p.host), s.at)
		}
		if kind == "https" {
			b.set("verify", "false", s.at)
			r.note(s.at, "SSL_GET looks at no certificate, and so verify is false; leave it out to have certificates verified")
			if name := b.get("server_name"); name != nil && name.value == `""` {
				if name.value = text(p.host); p.host == "" {
					b.drop("server_name")
				}
			}
			r.certified(b)
		}
	case "udp":
		if b.value("expect") != "" && b.value("send") == "" {
			r.lost(s.at, "%s: keepalived sends bytes of chance where there is no payload; hald needs to know what to send to expect an answer", said(s))
			b.drop("expect")
		}
	case "exec":
		if b.value("command") == "" {
			r.lost(s.at, "%s: there is no misc_path", said(s))
			return false
		}
		if user := r.globals.user; user != "" && b.value("user") == "" {
			b.set("user", text(user), s.at)
		}
	case "file":
		if b.value("path") == "" {
			r.lost(s.at, "%s: there is no file with an absolute path", said(s))
			return false
		}
	}
	return true
}
