package config

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// A key may be written down as it is. Messages then must not show it: neither as
// a value, nor in the source line that they quote.

// isKey says whether an attribute holds a key.
func isKey(b *block, name string) bool { return b.kind == "authentication" && name == "key" }

// aboutKey takes the reasons out of messages about a key's expression, except
// those that are about a name in it.
func aboutKey(diags hcl.Diagnostics) hcl.Diagnostics {
	var silent hcl.Diagnostics
	for _, d := range diags {
		d := *d
		_, called := hcl.DiagnosticExtra[interface{ CalledFunctionName() string }](&d)
		if explainReference(&d) == "" && !(called && !mayQuote(&d)) {
			d.Detail = "The reason is not shown, because it could quote the key. A text needs quotes."
		}
		silent = append(silent, &d)
	}
	return silent
}

// keySpan is a part of a file in which a key may be.
type keySpan struct{ from, to int }

var (
	keyBlock = []byte("authentication")
	// Lines of such a block that hold no key. A computed one is not written there.
	harmless = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\s*(authentication\s*\{|type\s*=\s*"[^"]*"|id\s*=\s*\d+|required\s*=\s*(true|false)|key\s*=\s*(env|file)\("[^"]*"\)|key\s*=\s*chomp\(file\("[^"]*"\)\)|key\s*=\s*local\.\w+)\s*$`)
	})
)

// keySpans finds the blocks with keys in a text that need not be valid. Where in
// doubt it takes more.
func keySpans(text []byte) []keySpan {
	var spans []keySpan
	for at := 0; ; {
		found := bytes.Index(text[at:], keyBlock)
		if found < 0 {
			return spans
		}
		from, end := at+found, at+found+len(keyBlock)
		if from > 0 && isWord(text[from-1]) || end < len(text) && isWord(text[end]) {
			at = end
			continue
		}
		line := text[bytes.LastIndexByte(text[:from], '\n')+1 : from]
		if at = end; isComment(line) {
			continue
		}
		at = blockEnd(text, end)
		spans = append(spans, keySpan{from, at})
	}
}

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }

// blockEnd is where the brackets that open after a block's name are closed.
func blockEnd(text []byte, at int) int {
	if at < len(text) && text[at] == '"' {
		at++
	}
	depth, quoted := 0, false
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			quoted = false
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '#', bytes.HasPrefix(text[i:], []byte("//")):
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			if depth--; depth <= 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// holdsKey says whether the line from one offset to another may show a key.
func holdsKey(spans []keySpan, from int, line []byte) bool {
	for _, s := range spans {
		if s.from < from+len(line) && from < s.to {
			return !harmless().Match(line)
		}
	}
	return false
}

// withoutKeys takes the details out of syntax errors that quote a text with a
// key in it.
func withoutKeys(diags hcl.Diagnostics, spans []keySpan) hcl.Diagnostics {
	for _, d := range diags {
		for _, s := range spans {
			if d.Subject != nil && s.from <= d.Subject.Start.Byte && d.Subject.Start.Byte < s.to && strings.Contains(d.Detail, `"`) {
				d.Detail = "The reason is not shown, because it could quote the key."
			}
		}
	}
	return diags
}
