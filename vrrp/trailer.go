package vrrp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"net/netip"
)

// The authentication trailer of version 3, which follows the last address: that of
// draft-cassen-vrrp-auth-hmac-00; see docs/authentication.md.
//
//	 0               1               2               3
//	+---------------+---------------+-------------------------------+
//	|   Algorithm   |    Key ID     |           Reserved            |
//	+---------------+---------------+-------------------------------+
//	|                      Seconds since 1970                       |
//	+-------------------------------+-------------------------------+
//	|     1/65536 of a second       |            Counter            |
//	+-------------------------------+-------------------------------+
//	|                HMAC-SHA-256, first 16 bytes                   |
//	~                                                               ~
//	+---------------------------------------------------------------+
const (
	TrailerLength = 28
	MinKey        = 32 // bytes: as many as the hash has
	MaxKey        = 64 // bytes: the hash's block; longer keys add nothing (RFC 2104, 3)

	algorithmHMAC = 1
	trailerHead   = 12
	macLength     = TrailerLength - trailerHead
)

// Key signs and verifies the advertisements of version 3. It belongs to one
// goroutine and does not show its secret.
type Key struct {
	id  uint8
	mac hash.Hash
}

// NewKey returns the key of an id, 1–255, made from a secret of MinKey to MaxKey
// bytes.
func NewKey(id uint8, secret []byte) (Key, error) {
	if id == 0 || len(secret) < MinKey || len(secret) > MaxKey {
		return Key{}, fmt.Errorf("make key %d: %d bytes, not %d to %d", id, len(secret), MinKey, MaxKey)
	}
	return Key{id, hmac.New(sha256.New, secret)}, nil
}

// Seal is what an advertisement's trailer says of its origin. The zero Seal is
// that of an advertisement without a trailer.
type Seal struct {
	KeyID    uint8
	Sequence uint64 // seconds, fraction and counter, as in the trailer; see Sequence
}

// appendTrailer signs the message that starts at start and adds the trailer.
func (f Format) appendTrailer(b []byte, start int, src netip.Addr) ([]byte, error) {
	k, ok := f.key(f.Seal.KeyID)
	if !ok {
		return nil, fmt.Errorf("sign advertisement: there is no key %d", f.Seal.KeyID)
	}
	end := len(b)
	b = append(b, algorithmHMAC, k.id, 0, 0)
	b = binary.BigEndian.AppendUint64(b, f.Seal.Sequence)
	return append(b, k.sum(b[start:end], b[end:], src)...), nil
}

// messageEnd is where the addresses of a message of version 3 end. What is
// behind them is a trailer if it is as long as one.
func messageEnd(count uint8, src netip.Addr) int {
	return headerLength + int(count)*src.BitLen()/8
}

// unseal verifies the trailer of a message that is in order otherwise. The
// error is a Discard. Without keys the trailer is told, and nothing of it is
// believed.
func (f Format) unseal(b []byte, p *Packet) error {
	if f.Version != 3 {
		return nil
	}
	end := messageEnd(b[3], p.Source)
	message, trailer := b[:end], b[end:]
	signed := len(trailer) == TrailerLength
	known := signed && trailer[0] == algorithmHMAC && trailer[1] != 0 && trailer[2] == 0 && trailer[3] == 0
	if known {
		p.Seal = Seal{trailer[1], binary.BigEndian.Uint64(trailer[4:])}
	}
	switch {
	case len(f.Keys) == 0:
		return nil
	case !signed && f.Lenient:
		return nil
	case !signed:
		return Unsigned
	case !known:
		return BadAuth
	}
	k, ok := f.key(p.Seal.KeyID)
	if !ok || !hmac.Equal(k.sum(message, trailer[:trailerHead], p.Source), trailer[trailerHead:]) {
		return BadAuth
	}
	return nil
}

func (f Format) key(id uint8) (Key, bool) {
	for _, k := range f.Keys {
		if k.id == id {
			return k, true
		}
	}
	return Key{}, false
}

// sum is the signature. It covers what makes the advertisement this one: family,
// version, VRID and sender, all of the message but its checksum, which some
// compute after it, and the trailer before it. The receiver is not covered: in
// unicast every peer may get the same bytes.
func (k Key) sum(message, head []byte, src netip.Addr) []byte {
	var pseudo [20]byte
	pseudo[0] = 4
	if src.Is6() {
		pseudo[0] = 6
	}
	pseudo[1], pseudo[2] = message[0]>>4, message[1]
	copy(pseudo[4:], src.AsSlice())
	k.mac.Reset()
	k.mac.Write(pseudo[:])
	k.mac.Write(message[:6])
	k.mac.Write([]byte{0, 0})
	k.mac.Write(message[headerLength:])
	k.mac.Write(head)
	k.mac.Write(make([]byte, macLength))
	return k.mac.Sum(nil)[:macLength]
}
