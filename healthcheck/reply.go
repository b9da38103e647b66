package healthcheck

import (
	"fmt"
	"io"
	"regexp"
)

const (
	maxReply  = 16 << 10 // bytes of an answer that are looked at
	maxPieces = 256      // in which it may arrive: each is a look at the whole
)

// reply is an answer that arrives in pieces of any size and has to match.
type reply struct {
	expect *regexp.Regexp
	kept   []byte
	pieces int
}

// hear takes a piece; end says that no other will come. done with a nil error is a
// match.
func (r *reply) hear(b []byte, end bool) (done bool, err error) {
	r.kept = append(r.kept, b[:min(len(b), maxReply-len(r.kept))]...)
	r.pieces++
	switch {
	case r.expect.Match(r.kept):
		return true, nil
	case end && len(r.kept) == 0:
		return true, explain("answer", io.EOF)
	case end:
		return true, r.mismatch()
	case len(r.kept) == maxReply:
		return true, fmt.Errorf("answer: nothing in its first 16 KiB matches %q", r.expect)
	case r.pieces == maxPieces:
		return true, fmt.Errorf("answer: dripping, and nothing in its first %d bytes matches %q", len(r.kept), r.expect)
	}
	return false, nil
}

// mismatch says what came instead.
func (r *reply) mismatch() error {
	return fmt.Errorf("answer: %q does not match %q", clip(string(r.kept)), r.expect)
}
