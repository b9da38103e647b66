package convert

import (
	"strconv"
	"strings"
)

// word is a word of a line. Quotes and escapes are resolved; what stood in quotes is
// one word, however much space it has.
type word struct {
	text   string
	quoted bool // all or a part of it
}

// protectedHash and protectedBang stand for # and ! that begin no comment.
const (
	protectedHash = "\x01"
	protectedBang = "\x02"
)

var unprotected = strings.NewReplacer(protectedHash, "#", protectedBang, "!")

// split divides a line into words and its comment. A brace that stands by itself, or
// ends a word that is in no quotes and no ${…}, is a word. ok is false where a quote
// is not closed: the rest of the line is its text then.
func split(line string) (words []word, comment string, ok bool) {
	var b strings.Builder
	open, quoted := false, false // a word is being read
	end := func() {
		if open {
			text := unprotected.Replace(b.String())
			if brace := strings.HasSuffix(text, "{") && len(text) > 1 && !quoted && !strings.HasSuffix(text, "${"); brace {
				words = append(words, word{text[:len(text)-1], false}, word{"{", false})
			} else {
				words = append(words, word{text, quoted})
			}
		}
		b.Reset()
		open, quoted = false, false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '#' || c == '!':
			end()
			return words, strings.TrimSpace(strings.TrimLeft(line[i:], "#!")), true
		case c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
			end()
		case c == '"' || c == '\'':
			open, quoted = true, true
			j := i + 1
			for j < len(line) && line[j] != c && (c == '"' || line[j] != '#' && line[j] != '!') {
				if line[j] == '\\' && c == '"' && j+1 < len(line) {
					n := escape(&b, line[j+1:])
					j += 1 + n
					continue
				}
				b.WriteByte(line[j])
				j++
			}
			if j == len(line) || line[j] != c { // single quotes hold no comment back
				end()
				return words, strings.TrimSpace(strings.TrimLeft(line[j:], "#!")), false
			}
			i = j
		default:
			b.WriteByte(c)
			open = true
		}
	}
	end()
	return words, "", true
}

// escape writes what an escape stands for, without its backslash, and returns how many
// bytes it takes.
func escape(b *strings.Builder, rest string) int {
	if at := strings.IndexByte("abEfnrtv", rest[0]); at >= 0 {
		b.WriteByte("\a\b\x1b\f\n\r\t\v"[at])
		return 1
	}
	digits := func(from, most int, set string) int {
		n := from
		for n < len(rest) && n-from < most && strings.IndexByte(set, rest[n]) >= 0 {
			n++
		}
		return n
	}
	switch rest[0] {
	case 'x', 'X':
		if n := digits(1, 2, "0123456789abcdefABCDEF"); n > 1 {
			v, _ := strconv.ParseUint(rest[1:n], 16, 8)
			b.WriteByte(byte(v))
			return n
		}
	case 'c':
		if len(rest) > 1 {
			b.WriteByte(rest[1] & 0x1f)
			return 2
		}
	}
	if n := digits(0, 3, "01234567"); n > 0 {
		v, _ := strconv.ParseUint(rest[:n], 8, 16)
		b.WriteByte(byte(v))
		return n
	}
	b.WriteByte(rest[0])
	return 1
}

// argv divides the text of a command as keepalived does: at space, but for what is in
// single quotes.
func argv(text string) (args []string) {
	var b strings.Builder
	open, inside := false, false
	for _, c := range text {
		switch {
		case c == '\'':
			open, inside = true, !inside
		case (c == ' ' || c == '\t') && !inside:
			if open {
				args = append(args, b.String())
			}
			b.Reset()
			open = false
		default:
			b.WriteRune(c)
			open = true
		}
	}
	if open {
		args = append(args, b.String())
	}
	return args
}
