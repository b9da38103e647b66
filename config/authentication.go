package config

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// The types of authentication, each of which belongs to a version.
const (
	simple = "simple"
	hmac   = "hmac-sha256"
)

// What a key of a type has room for: in an advert of version 2 (RFC 2338,
// 5.3.10), and in HMAC-SHA-256 (RFC 2104, 3).
const (
	maxSimple = 8
	minHMAC   = 32
	maxHMAC   = 64
)

// readAuthentication reads the authentication blocks, which are taken whole from
// here or from the defaults. Version 3 can have several: the first signs.
func (r *reader) readAuthentication(b *block, version field[int], in *instance) {
	ids := map[int]hcl.Range{}
	for i, a := range b.blocks("authentication") {
		kind := need(r, a, "type", "\"hmac-sha256\", or \"simple\" for version 2", oneOf([]string{simple, hmac}))
		id := read(r, a, "id", integer(1, 255)).or(1)
		required := read(r, a, "required", boolean).or(true)
		key := need(r, a, "key", "the text, from file() or env()", parseKey(kind))
		if !kind.ok {
			continue
		}
		if version.ok && !b.defaults {
			r.checkType(b, kind, version.value)
		}
		if kind.value == simple {
			r.checkSimple(b, a, i, id.given, required.given)
			in.Password = key.value
			continue
		}
		if other, taken := ids[id.value]; taken && id.ok {
			r.fail(place(id, kind), "Duplicate id", fmt.Sprintf(
				"Another authentication block has the id %d, at %s. The id tells the keys of adverts apart: give each key its own.", id.value, position(other)))
		}
		ids[id.value] = a.at
		in.Keys = append(in.Keys, Key{ID: uint8(id.value), Secret: key.value})
		in.Lenient = in.Lenient || !required.value
	}
}

// checkType refuses a type that the version does not know.
func (r *reader) checkType(b *block, kind field[string], version int) {
	switch {
	case kind.value == simple && version != 2:
		r.fail(kind.at, "Invalid authentication", fmt.Sprintf(
			"Type \"simple\" belongs to VRRP version 2, and %s has version 3. Use \"hmac-sha256\", or set version = 2.", b.title()))
	case kind.value == hmac && version != 3:
		r.fail(kind.at, "Invalid authentication", fmt.Sprintf(
			"Type \"hmac-sha256\" belongs to VRRP version 3, and %s has version 2. Use \"simple\", or leave version out.", b.title()))
	}
}

// checkSimple refuses beside type "simple" what it has no room for.
func (r *reader) checkSimple(b, a *block, before int, id, required bool) {
	switch {
	case before > 0:
		r.fail(a.at, "Second authentication block", fmt.Sprintf(
			"An advert of version 2 carries one key, so there is one authentication block %s.", b.inside()))
	case id || required:
		r.fail(a.at, "Invalid authentication", "Type \"simple\" has neither id nor required: an advert of version 2 has no room for an id, and one without the key is discarded. Leave them out.")
	}
}

// estranged tells whether an instance with new keys and the other directors, which have
// those of before, are deaf to each other: one of the two does not know what the other
// signs with, or insists on a signature that does not come.
func estranged(was, is *Config, name string) bool {
	named := func(in Instance) bool { return in.Name == name }
	i, j := slices.IndexFunc(was.Instances, named), slices.IndexFunc(is.Instances, named)
	if i < 0 || j < 0 || len(was.Directors) < 2 {
		return false
	}
	old, now := was.Instances[i], is.Instances[j]
	return old.Password != now.Password || !old.believes(now) || !now.believes(old)
}

// believes tells whether an instance with these keys believes what another signs.
func (in Instance) believes(other Instance) bool {
	switch {
	case len(in.Keys) == 0:
		return true
	case len(other.Keys) == 0:
		return in.Lenient
	}
	return slices.Contains(in.Keys, other.Keys[0])
}

// parseKey accepts the text of a key and says nothing about it.
func parseKey(kind field[string]) func(value) (string, error) {
	return func(v value) (string, error) {
		if v.v.Type() != cty.String {
			return "", complain("A string is needed here, in quotes.")
		}
		s := v.v.AsString()
		switch {
		case s == "":
			return "", complain("The key is empty.")
		case strings.ContainsFunc(s, unicode.IsControl):
			return "", complain("The key has a control character in it, such as a line break. chomp(file(\"PATH\")) leaves one at the end out.")
		case kind.ok && kind.value == hmac:
			return parseHMAC(s)
		case kind.ok && kind.value == simple && len(s) > maxSimple:
			return "", complain("The key is longer than the %d bytes that an advert of version 2 has room for.", maxSimple)
		}
		return s, nil
	}
}

// parseHMAC accepts a key as it is, or its bytes behind "hex:", which is how
// keepalived writes one that is no text.
func parseHMAC(s string) (string, error) {
	if digits, coded := strings.CutPrefix(s, "hex:"); coded {
		b, err := hex.DecodeString(digits)
		if err != nil {
			return "", complain("Behind \"hex:\" come hexadecimal digits and nothing else, two for each byte of the key.")
		}
		s = string(b)
	}
	if len(s) < minHMAC || len(s) > maxHMAC {
		return "", complain("A key of this type has %d to %d bytes: \"openssl rand -hex 32\" makes one.", minHMAC, maxHMAC)
	}
	return s, nil
}
