package healthcheck

import "errors"

// chunks takes the framing off a chunked body that arrives in pieces (RFC 9112,
// 7.1). Extensions and trailers are read over; their size is bounded by the
// limit of the body as it travels.
type chunks struct {
	at     chunkPart
	size   uint64 // of this chunk, what is left of it
	digits int
	blank  bool // nothing but a carriage return on this line of the trailer
}

type chunkPart int

const (
	inSize chunkPart = iota
	inExtension
	inData
	afterData
	inTrailer
)

var errChunks = errors.New("malformed chunked encoding")

// decode calls keep for the decoded bytes, and is done behind the last chunk's
// trailer.
func (c *chunks) decode(b []byte, keep func([]byte)) (done bool, err error) {
	for len(b) > 0 {
		if c.at == inData {
			n := min(uint64(len(b)), c.size)
			keep(b[:n])
			b = b[n:]
			if c.size -= n; c.size == 0 {
				c.at = afterData
			}
			continue
		}
		done, err := c.frame(b[0])
		if done || err != nil {
			return done, err
		}
		b = b[1:]
	}
	return false, nil
}

// frame takes one byte that is no data.
func (c *chunks) frame(b byte) (done bool, err error) {
	switch c.at {
	case inSize:
		digit, hex := hexDigit(b)
		switch {
		case hex && c.digits == 16, !hex && c.digits == 0:
			return false, errChunks
		case hex:
			c.size, c.digits = c.size<<4|digit, c.digits+1
		case b == '\n':
			c.sized()
		case b == ';' || b == '\r' || b == ' ' || b == '\t':
			c.at = inExtension
		default:
			return false, errChunks
		}
	case inExtension:
		if b == '\n' {
			c.sized()
		}
	case afterData:
		switch b {
		case '\r':
		case '\n':
			c.at = inSize
		default:
			return false, errChunks
		}
	case inTrailer:
		switch {
		case b == '\n' && c.blank:
			return true, nil
		case b == '\n':
			c.blank = true
		case b != '\r':
			c.blank = false
		}
	}
	return false, nil
}

// sized ends the line with a chunk's size.
func (c *chunks) sized() {
	c.digits = 0
	if c.at = inData; c.size == 0 {
		c.at, c.blank = inTrailer, true
	}
}

func hexDigit(b byte) (uint64, bool) {
	switch {
	case '0' <= b && b <= '9':
		return uint64(b - '0'), true
	case 'a' <= b && b <= 'f':
		return uint64(b-'a') + 10, true
	case 'A' <= b && b <= 'F':
		return uint64(b-'A') + 10, true
	}
	return 0, false
}
