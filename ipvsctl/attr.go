package ipvsctl

import (
	"encoding/binary"
	"iter"
	"net/netip"
)

// attrs is a growing list of netlink attributes: length and type in the
// machine's byte order, value, padding to four bytes (linux/netlink.h).
type attrs []byte

const (
	attrHeader   = 4
	attrNested   = 0x8000 // NLA_F_NESTED
	attrTypeMask = 0x3fff // NLA_TYPE_MASK
)

var native = binary.NativeEndian

// some is no attributes, with room for those of a request.
func some() attrs { return make(attrs, 0, 128) }

// head begins an attribute with a value of so many bytes.
func (a attrs) head(kind uint16, size int) attrs {
	return native.AppendUint16(native.AppendUint16(a, uint16(attrHeader+size)), kind)
}

// pad ends an attribute.
func (a attrs) pad() attrs {
	for len(a)%4 != 0 {
		a = append(a, 0)
	}
	return a
}

func (a attrs) bytes(kind uint16, value []byte) attrs {
	return append(a.head(kind, len(value)), value...).pad()
}

func (a attrs) uint8(kind uint16, v uint8) attrs { return append(a.head(kind, 1), v).pad() }

func (a attrs) uint16(kind, v uint16) attrs {
	return attrs(native.AppendUint16(a.head(kind, 2), v)).pad()
}

func (a attrs) uint32(kind uint16, v uint32) attrs { return native.AppendUint32(a.head(kind, 4), v) }

// port is in network byte order.
func (a attrs) port(kind, v uint16) attrs {
	return attrs(binary.BigEndian.AppendUint16(a.head(kind, 2), v)).pad()
}

// address is as many bytes as its family has.
func (a attrs) address(kind uint16, v netip.Addr) attrs {
	if v.Is4() {
		four := v.As4()
		return append(a.head(kind, len(four)), four[:]...)
	}
	sixteen := v.As16()
	return append(a.head(kind, len(sixteen)), sixteen[:]...)
}

func (a attrs) text(kind uint16, v string) attrs {
	return append(append(a.head(kind, len(v)+1), v...), 0).pad()
}

func (a attrs) nest(kind uint16, inner attrs) attrs { return a.bytes(kind|attrNested, inner) }

// attr is one received value.
type attr []byte

// all walks the attributes of a message; it stops where they are malformed.
func all(b []byte) iter.Seq2[uint16, attr] {
	return func(yield func(uint16, attr) bool) {
		for len(b) >= attrHeader {
			n := int(native.Uint16(b))
			if n < attrHeader || n > len(b) || !yield(native.Uint16(b[2:])&attrTypeMask, b[attrHeader:n]) {
				return
			}
			b = b[min((n+3)&^3, len(b)):]
		}
	}
}

// The readers give zero for a value that is too short.

func (v attr) uint8() uint8 {
	if len(v) < 1 {
		return 0
	}
	return v[0]
}

func (v attr) uint16() uint16 {
	if len(v) < 2 {
		return 0
	}
	return native.Uint16(v)
}

func (v attr) uint32() uint32 {
	if len(v) < 4 {
		return 0
	}
	return native.Uint32(v)
}

func (v attr) uint64() uint64 {
	if len(v) < 8 {
		return 0
	}
	return native.Uint64(v)
}

func (v attr) port() uint16 {
	if len(v) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(v)
}

func (v attr) text() string {
	for i, c := range v {
		if c == 0 {
			return string(v[:i])
		}
	}
	return string(v)
}
