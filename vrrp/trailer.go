package vrrp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"net/netip"
)

// The authentication trailer of version 3, which follows the last address; see
// docs/authentication.md.
//
//	 0               1               2               3
//	+---------------+---------------+-------------------------------+
//	|   Algorithm   |    Key ID     |            Length             |
//	+---------------+---------------+-------------------------------+
//	|                Sequence (microseconds since 1970)             |
//	|                                                               |
//	+---------------------------------------------------------------+
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
	trailerLabel  = "hald vrrp authentication 1" // keeps the key's other uses apart
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
	Sequence uint64 // microseconds since 1970 by the sender's clock; see Sequence
}

// appendTrailer signs the message that starts at start, whose checksum is not
// filled in yet, and adds the trailer.
func (f Format) appendTrailer(b []byte, start int, src, dst netip.Addr) ([]byte, error) {
	k, ok := f.key(f.Seal.KeyID)
	if !ok {
		return nil, fmt.Errorf("sign advertisement: there is no key %d", f.Seal.KeyID)
	}
	end := len(b)
	b = append(b, algorithmHMAC, k.id, 0, TrailerLength)
	b = binary.BigEndian.AppendUint64(b, f.Seal.Sequence)
	return append(b, k.sum(b[start:end], b[end:], src, dst)...), nil
}

// unseal verifies the trailer of a message that is in order otherwise. The
// error is a Discard. Without keys the trailer is told, and nothing of it is
// believed.
func (f Format) unseal(b []byte, p *Packet) error {
	if f.Version != 3 {
		return nil
	}
	end := headerLength + len(p.Addresses)*p.Source.BitLen()/8
	message, trailer := b[:end], b[end:]
	if len(trailer) >= TrailerLength && trailer[0] == algorithmHMAC && binary.BigEndian.Uint16(trailer[2:]) == TrailerLength {
		p.Seal = Seal{trailer[1], binary.BigEndian.Uint64(trailer[4:])}
	}
	switch {
	case len(f.Keys) == 0:
		return nil
	case p.Seal.KeyID == 0 && f.Lenient:
		return nil
	case p.Seal.KeyID == 0:
		return Unsigned
	}
	k, ok := f.key(p.Seal.KeyID)
	if !ok || !hmac.Equal(k.sum(message, trailer[:trailerHead], p.Source, p.Destination), trailer[trailerHead:TrailerLength]) {
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

// sum is the signature. It covers what makes the advertisement this one: its
// family, sender and receiver, all of the message but its checksum, which
// covers the signature itself, and the trailer before it.
func (k Key) sum(message, trailer []byte, src, dst netip.Addr) []byte {
	k.mac.Reset()
	k.mac.Write([]byte(trailerLabel))
	k.mac.Write([]byte{uint8(src.BitLen() / 8)}) // the family
	k.mac.Write(src.AsSlice())
	k.mac.Write(dst.AsSlice())
	k.mac.Write(message[:6])
	k.mac.Write([]byte{0, 0})
	k.mac.Write(message[headerLength:])
	k.mac.Write(trailer)
	return k.mac.Sum(nil)[:macLength]
}
