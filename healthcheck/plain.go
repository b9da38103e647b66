package healthcheck

import "bytes"

// plainHeader reads the header of an answer that is as nearly all are, up to and with its
// empty line: ten thousand answers a second that package net/http reads leave more garbage than
// everything else. It is not plain, and net/http's, where anything in it is
// unusual, wrong, or has a say in how the body travels but its length.
func plainHeader(header []byte) (status int, length int64, plain bool) {
	line, rest, _ := bytes.Cut(header, []byte("\n"))
	if len(line) < len("HTTP/1.1 200 ") || string(line[:7]) != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' || line[12] != ' ' {
		return 0, 0, false
	}
	code, ok := decimal(line[9:12])
	if !ok || code < 200 || code == 204 || code == 304 {
		return 0, 0, false
	}
	for length = -1; ; {
		line, rest, ok = bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		name, value, named := bytes.Cut(line, []byte(": "))
		switch {
		case !ok:
			return 0, 0, false
		case len(line) == 0:
			return int(code), length, len(rest) == 0
		case !named || !isPlain(name, value):
			return 0, 0, false
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return 0, 0, false
		case bytes.EqualFold(name, []byte("Content-Length")):
			n, ok := decimal(value)
			if !ok || length >= 0 {
				return 0, 0, false
			}
			length = n
		}
	}
}

// isPlain tells whether a line of a header has nothing in it that anybody might see otherwise.
func isPlain(name, value []byte) bool {
	for _, b := range name {
		if letter := b|0x20 >= 'a' && b|0x20 <= 'z'; !letter && (b < '0' || b > '9') && b != '-' {
			return false
		}
	}
	return len(name) > 0 && bytes.IndexFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// decimal is a number of 1 to 18 digits and nothing else.
func decimal(text []byte) (n int64, ok bool) {
	for _, b := range text {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + int64(b-'0')
	}
	return n, len(text) > 0 && len(text) <= 18
}
