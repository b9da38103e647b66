package config

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/zclconf/go-cty/cty"
)

// maxKey is what an advert of version 2 has room for (RFC 2338, 5.3.10).
const maxKey = 8

// readPassword reads the authentication block, which is taken whole from here or
// from the defaults.
func (r *reader) readPassword(b *block, version field[int]) string {
	blocks := b.blocks("authentication")
	if len(blocks) == 0 {
		return ""
	}
	a := blocks[0]
	kind := need(r, a, "type", "\"simple\", the text that each advert carries", oneOf([]string{"simple"}, "hmac-sha256"))
	key := need(r, a, "key", "the text, from file() or env()", parseKey)
	if kind.ok && !b.defaults && version.ok && version.value != 2 {
		r.fail(kind.at, "Invalid authentication", fmt.Sprintf(
			"Type \"simple\" belongs to VRRP version 2, and %s has version 3, whose adverts carry no key. Remove the authentication block, or set version = 2.", b.title()))
	}
	return key.value
}

// parseKey accepts the text of type "simple" and says nothing about it.
func parseKey(v value) (string, error) {
	if v.v.Type() != cty.String {
		return "", complain("A string is needed here, in quotes.")
	}
	s := v.v.AsString()
	switch {
	case s == "":
		return "", complain("The key is empty.")
	case len(s) > maxKey:
		return "", complain("The key is longer than the %d bytes that an advert of version 2 has room for.", maxKey)
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", complain("The key has a control character in it, such as a line break.")
	}
	return s, nil
}
