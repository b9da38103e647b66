package netif

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// attribute is one of those that follow the header of an rtnetlink message. Its
// value is part of the message.
type attribute struct {
	kind  uint16
	value []byte
}

// number is a value of 32 bits; 0 where it is shorter.
func (a attribute) number() uint32 { return word(a.value, 0) }

// octet is a value of 8 bits; 0 where it has none.
func (a attribute) octet() uint8 {
	if len(a.value) == 0 {
		return 0
	}
	return a.value[0]
}

// commonAttributes is about how many a message about an address has.
const commonAttributes = 8

const attributeKind = 0x3fff // NLA_TYPE_MASK of linux/netlink.h

// attributes splits what follows a header, or what is in an attribute: struct
// rtattr of linux/rtnetlink.h, each padded to four bytes but maybe the last.
func attributes(data []byte) ([]attribute, error) {
	list := make([]attribute, 0, commonAttributes)
	for len(data) >= unix.SizeofRtAttr {
		length := int(binary.NativeEndian.Uint16(data))
		if length < unix.SizeofRtAttr || length > len(data) {
			return nil, errors.New("an attribute is longer than its message")
		}
		list = append(list, attribute{binary.NativeEndian.Uint16(data[2:]) & attributeKind, data[unix.SizeofRtAttr:length]})
		data = data[min((length+3)&^3, len(data)):]
	}
	return list, nil
}

// values are attributes by kind; of several the last.
func values(data []byte) (map[uint16][]byte, error) {
	list, err := attributes(data)
	byKind := make(map[uint16][]byte, len(list))
	for _, a := range list {
		byKind[a.kind] = a.value
	}
	return byKind, err
}

// word is a number of an array of 32-bit numbers; 0 where it ends before.
func word(array []byte, i int) uint32 {
	if len(array) < 4*(i+1) {
		return 0
	}
	return binary.NativeEndian.Uint32(array[4*i:])
}
