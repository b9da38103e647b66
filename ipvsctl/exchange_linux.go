package ipvsctl

import (
	"errors"

	"golang.org/x/sys/unix"
)

const (
	nlHeader   = unix.SizeofNlMsghdr
	genlHeader = nlHeader + 4
)

// exchange is the answers to the requests first to last, as they come in.
type exchange struct {
	first, last uint32
	data        func(attrs []byte) // may be nil
	refused     func(seq uint32, err error)
	interrupted bool
}

// errInterrupted: the table changed while it was dumped, so the answer may
// have gaps.
var errInterrupted = errors.New("table changed during the dump")

// read takes one datagram and tells whether the last request is answered. An
// answer to something else, left over from a request given up, is dropped.
func (e *exchange) read(b []byte) (done bool, err error) {
	for len(b) >= genlHeader {
		size, kind, flags, seq := int(native.Uint32(b)), native.Uint16(b[4:]), native.Uint16(b[6:]), native.Uint32(b[8:])
		if size < genlHeader || size > len(b) {
			return false, errors.New("malformed answer from the kernel")
		}
		body := b[nlHeader:size]
		b = b[min((size+3)&^3, len(b)):]
		if e.last-seq > e.last-e.first {
			continue
		}
		e.interrupted = e.interrupted || flags&unix.NLM_F_DUMP_INTR != 0
		if kind != unix.NLMSG_ERROR && kind != unix.NLMSG_DONE {
			if e.data != nil {
				e.data(body[genlHeader-nlHeader:])
			}
			continue
		}
		if code := int32(native.Uint32(body)); code != 0 {
			e.refused(seq, unix.Errno(-code))
		} else if e.interrupted {
			e.refused(seq, errInterrupted)
		}
		if seq == e.last {
			return true, nil
		}
	}
	return false, nil
}
