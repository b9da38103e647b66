//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"
)

// observation is what was seen of a pair.
type observation struct {
	gaps      []time.Duration // between two advertisements of a virtual router's master, whoever spoke meanwhile, in order of length
	silences  []time.Duration // how long each master had been silent in the end
	takeovers []time.Duration // how long nobody had advertised when another one than the master began to
	announced int             // gratuitous ARP messages
	cpu       time.Duration   // of the master's processes
	whole     bool            // none of which ended
	memory    int64           // bytes, proportional
}

// quantile is a gap that so much of all do not exceed.
func (o observation) quantile(q float64) time.Duration {
	if len(o.gaps) == 0 {
		return 0
	}
	return o.gaps[min(int(q*float64(len(o.gaps))), len(o.gaps)-1)]
}

// etherTypeARP is ETH_P_ARP (linux/if_ether.h).
const etherTypeARP = 0x0806

// router is what the capture has said of a virtual router so far.
type router struct {
	master time.Time // its last advertisement; before any: the beginning
	heard  bool      // the master was
	last   time.Time // anybody's advertisement
	moved  bool      // which was another one's
}

// readCapture reads a file in the format of libpcap (pcap-savefile(5)), written on
// a machine of this byte order with microseconds. The master is who has the right to
// be, by its address. What came before an instant only tells who spoke last, and what
// came after another one nothing.
func readCapture(name string, master netip.Addr, from, until time.Time) (o observation, err error) {
	file, err := os.Open(name)
	if err != nil {
		return o, err
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	header := make([]byte, 24)
	if _, err := io.ReadFull(r, header); err != nil {
		return o, fmt.Errorf("read the capture: %w", err)
	}
	if magic := binary.NativeEndian.Uint32(header); magic != 0xa1b2c3d4 {
		return o, fmt.Errorf("read the capture: unknown format %#x", magic)
	}
	routers := map[uint8]*router{}
	for record := make([]byte, 16); ; {
		if _, err := io.ReadFull(r, record); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return o, fmt.Errorf("read the capture: %w", err)
		}
		at := time.Unix(int64(binary.NativeEndian.Uint32(record)), int64(binary.NativeEndian.Uint32(record[4:]))*1000)
		frame := make([]byte, binary.NativeEndian.Uint32(record[8:]))
		if _, err := io.ReadFull(r, frame); err != nil {
			return o, fmt.Errorf("read the capture: %w", err)
		}
		if at.After(until) {
			break
		}
		const ethernet, ip = 14, 20
		switch {
		case len(frame) < ethernet+ip+8:
			continue
		case binary.BigEndian.Uint16(frame[ethernet-2:]) == etherTypeARP:
			if !at.Before(from) && bytes.Equal(frame[ethernet+14:ethernet+18], frame[ethernet+24:ethernet+28]) {
				o.announced++
			}
			continue
		}
		vrid, priority := frame[ethernet+ip+1], frame[ethernet+ip+2]
		if routers[vrid] == nil {
			routers[vrid] = &router{master: from}
		}
		o.note(routers[vrid], at, netip.AddrFrom4([4]byte(frame[ethernet+12:])) == master, priority)
		if at.Before(from) {
			o = observation{}
		}
	}
	for _, v := range routers {
		o.silences = append(o.silences, until.Sub(v.master))
	}
	slices.Sort(o.gaps)
	return o, nil
}

// note takes one advertisement of a virtual router, the master's or another one's.
func (o *observation) note(v *router, at time.Time, master bool, priority uint8) {
	switch {
	case master:
		if v.heard {
			o.gaps = append(o.gaps, at.Sub(v.master))
		}
		v.master, v.heard, v.moved = at, true, false
	case priority > 0:
		if v.heard && !v.moved {
			o.takeovers = append(o.takeovers, at.Sub(v.last))
		}
		v.moved = true
	}
	v.last = at
}

// endLate counts as gaps those last ones that did not end while it was watched but
// were longer than the interval by then.
func (o *observation) endLate(interval time.Duration) {
	for _, silence := range o.silences {
		if silence > interval {
			o.gaps = append(o.gaps, silence)
		}
	}
	slices.Sort(o.gaps)
}
