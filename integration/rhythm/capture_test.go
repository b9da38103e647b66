//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestCaptureTellsGapsAndTakeovers writes a capture of three virtual routers. Of the
// first another one takes the place twice, once by two advertisements; the master's
// return is no takeover, and its gaps are its own. The second one's says good-bye, and
// of the third it is never heard.
func TestCaptureTellsGapsAndTakeovers(t *testing.T) {
	file := binary.NativeEndian.AppendUint32(nil, 0xa1b2c3d4)
	file = append(file, make([]byte, 20)...)
	for _, a := range []struct {
		ms             int
		node           byte
		vrid, priority byte
	}{
		{0, 11, 1, 150}, {1, 11, 2, 150}, {10, 11, 1, 150}, {12, 11, 2, 150},
		{45, 12, 1, 100}, {50, 12, 1, 100}, {51, 11, 1, 150}, {61, 11, 1, 150}, {70, 12, 2, 0},
		{75, 12, 3, 100}, {80, 12, 1, 100}, {82, 12, 1, 0}, {90, 11, 1, 150},
	} {
		frame := make([]byte, 14+20+8)
		copy(frame[14+12:], []byte{192, 0, 2, a.node})
		frame[12] = 8 // IPv4
		frame[14+20+1], frame[14+20+2] = a.vrid, a.priority
		for _, v := range []uint32{7, uint32(a.ms * 1000), uint32(len(frame)), uint32(len(frame))} {
			file = binary.NativeEndian.AppendUint32(file, v)
		}
		file = append(file, frame...)
	}
	for _, target := range []byte{1, 2} { // an announcement, and a question
		frame := make([]byte, 14+28)
		frame[12], frame[13], frame[14+17], frame[14+27] = 8, 6, 1, target
		for _, v := range []uint32{7, 71_000, uint32(len(frame)), uint32(len(frame))} {
			file = binary.NativeEndian.AppendUint32(file, v)
		}
		file = append(file, frame...)
	}
	name := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	lb1 := netip.MustParseAddr("192.0.2.11")
	o, err := readCapture(name, lb1, time.Unix(7, 0), time.Unix(7, 100_000_000))
	if err != nil {
		t.Fatal(err)
	}
	const ms = time.Millisecond
	slices.Sort(o.silences)
	for what, compared := range map[string][2][]time.Duration{
		"gaps":      {o.gaps, {10 * ms, 10 * ms, 11 * ms, 29 * ms, 41 * ms}},
		"takeovers": {o.takeovers, {35 * ms, 19 * ms}}, // after silences of
		"silences":  {o.silences, {10 * ms, 88 * ms, 100 * ms}},
	} {
		if !slices.Equal(compared[0], compared[1]) {
			t.Errorf("%s: %v, want %v", what, compared[0], compared[1])
		}
	}
	if o.announced != 1 {
		t.Errorf("%d announcements, want 1", o.announced)
	}
	if o.quantile(0.5) != 11*ms || o.quantile(1) != 41*ms {
		t.Errorf("p50 %v, longest %v", o.quantile(0.5), o.quantile(1))
	}
	if o.endLate(50 * ms); !slices.Equal(o.gaps[5:], []time.Duration{88 * ms, 100 * ms}) {
		t.Errorf("those that are silent in the end count as %v", o.gaps[5:])
	}
	if o, err = readCapture(name, lb1, time.Unix(7, 0), time.Unix(7, 50_999_000)); err != nil || len(o.gaps) != 2 || len(o.takeovers) != 1 {
		t.Errorf("until 50 ms: %d gaps, %d takeovers, %v; want 2 and 1", len(o.gaps), len(o.takeovers), err)
	}
	if o, err = readCapture(name, lb1, time.Unix(7, 50_999_000), time.Unix(7, 70_000_000)); err != nil || !slices.Equal(o.gaps, []time.Duration{10 * ms, 41 * ms}) || len(o.takeovers) != 0 {
		t.Errorf("from 51 to 70 ms: gaps %v, %d takeovers, %v; want the one over its beginning, and no takeover", o.gaps, len(o.takeovers), err)
	}
	if _, err := readCapture(os.DevNull, lb1, time.Time{}, time.Now()); err == nil {
		t.Error("an empty file passes for a capture")
	}
}
