package ipvsctl

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// message is an answer as the kernel writes it.
func message(kind, flags uint16, seq uint32, body ...byte) []byte {
	b := native.AppendUint32(nil, uint32(nlHeader+len(body)))
	b = native.AppendUint16(b, kind)
	b = native.AppendUint16(b, flags)
	b = native.AppendUint32(b, seq)
	b = append(native.AppendUint32(b, 0), body...)
	return append(b, make([]byte, -len(b)&3)...)
}

func code(n int32) []byte { return native.AppendUint32(nil, uint32(n)) }

func TestExchange(t *testing.T) {
	const family = 0x20
	data := []byte{1, 1, 0, 0, 42}
	refusal := message(unix.NLMSG_ERROR, 0, 6, code(-int32(unix.EEXIST))...)
	acknowledged := message(unix.NLMSG_ERROR, 0, 7, code(0)...)
	for name, c := range map[string]struct {
		datagrams [][]byte
		answers   int
		refused   map[uint32]error
		done      bool
		malformed bool
	}{
		"acknowledged":                 {datagrams: [][]byte{acknowledged}, done: true},
		"a refusal before the end":     {datagrams: [][]byte{refusal, acknowledged}, refused: map[uint32]error{6: unix.EEXIST}, done: true},
		"both in one datagram":         {datagrams: [][]byte{slices.Concat(refusal, acknowledged)}, refused: map[uint32]error{6: unix.EEXIST}, done: true},
		"the last is refused":          {datagrams: [][]byte{message(unix.NLMSG_ERROR, 0, 7, code(-int32(unix.EPERM))...)}, refused: map[uint32]error{7: unix.EPERM}, done: true},
		"answers of a dump":            {datagrams: [][]byte{message(family, unix.NLM_F_MULTI, 7, data...), message(family, unix.NLM_F_MULTI, 7, data...), message(unix.NLMSG_DONE, unix.NLM_F_MULTI, 7, code(0)...)}, answers: 2, done: true},
		"an interrupted dump":          {datagrams: [][]byte{message(family, unix.NLM_F_DUMP_INTR, 7, data...), message(unix.NLMSG_DONE, 0, 7, code(0)...)}, answers: 1, refused: map[uint32]error{7: errInterrupted}, done: true},
		"answers to an earlier one":    {datagrams: [][]byte{message(family, 0, 4, data...), message(unix.NLMSG_ERROR, 0, 4, code(-2)...), message(unix.NLMSG_DONE, 0, 4, code(0)...)}},
		"answers to one never sent":    {datagrams: [][]byte{message(unix.NLMSG_DONE, 0, 8, code(0)...)}},
		"a size beyond the datagram":   {datagrams: [][]byte{append(code(400), make([]byte, 30)...)}, malformed: true},
		"a size smaller than a header": {datagrams: [][]byte{append(code(4), make([]byte, 30)...)}, malformed: true},
	} {
		t.Run(name, func(t *testing.T) {
			answers, refused := 0, map[uint32]error{}
			e := exchange{first: 5, last: 7,
				data:    func(b []byte) { answers++ },
				refused: func(seq uint32, err error) { refused[seq] = err },
			}
			var done bool
			var err error
			for _, d := range c.datagrams {
				done, err = e.read(d)
			}
			if done != c.done || answers != c.answers || (err != nil) != c.malformed {
				t.Errorf("done %v, %d answers, %v", done, answers, err)
			}
			if len(refused) != len(c.refused) {
				t.Errorf("refused %v, want %v", refused, c.refused)
			}
			for seq, want := range c.refused {
				if !errors.Is(refused[seq], want) {
					t.Errorf("refused %v, want %v", refused, c.refused)
				}
			}
		})
	}
}

// FuzzExchange: whatever arrives, reading it ends.
func FuzzExchange(f *testing.F) {
	f.Add(message(unix.NLMSG_ERROR, 0, 6, code(-2)...))
	f.Add(slices.Concat(message(0x20, unix.NLM_F_MULTI, 7, 1, 1, 0, 0, 42), message(unix.NLMSG_DONE, unix.NLM_F_MULTI, 7, code(0)...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := exchange{first: 5, last: 7, data: func([]byte) {}, refused: func(seq uint32, _ error) {
			if seq < 5 || seq > 7 {
				t.Errorf("refused %d", seq)
			}
		}}
		e.read(b)
	})
}
