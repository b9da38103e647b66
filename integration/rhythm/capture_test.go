//go:build linux

package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestCaptureTellsGapsAndTakeovers writes a capture of two virtual routers, one of
// which changes its master and back.
func TestCaptureTellsGapsAndTakeovers(t *testing.T) {
	file := binary.NativeEndian.AppendUint32(nil, 0xa1b2c3d4)
	file = append(file, make([]byte, 20)...)
	for _, a := range []struct {
		ms             int
		node           byte
		vrid, priority byte
	}{
		{0, 11, 1, 150}, {1, 11, 2, 150}, {10, 11, 1, 150}, {12, 11, 2, 150},
		{50, 12, 1, 100}, {51, 11, 1, 150}, {61, 11, 1, 150}, {70, 12, 2, 0},
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
	o, err := readCapture(name, time.Time{}, time.Unix(8, 0))
	if err != nil {
		t.Fatal(err)
	}
	const ms = time.Millisecond
	if want := []time.Duration{10 * ms, 10 * ms, 11 * ms}; !slices.Equal(o.gaps, want) || !slices.Equal(o.takeovers, []time.Duration{40 * ms, 1 * ms}) || o.announced != 1 {
		t.Errorf("gaps %v, takeovers after %v, %d announcements; want %v, 40 ms and 1 ms, and 1", o.gaps, o.takeovers, o.announced, want)
	}
	if o.quantile(0.5) != 10*ms || o.quantile(1) != 11*ms {
		t.Errorf("p50 %v, longest %v", o.quantile(0.5), o.quantile(1))
	}
	if o, err = readCapture(name, time.Time{}, time.Unix(7, 50_999_000)); err != nil || len(o.gaps) != 2 || len(o.takeovers) != 1 {
		t.Errorf("until 50 ms: %d gaps, %d takeovers, %v; want 2 and 1", len(o.gaps), len(o.takeovers), err)
	}
	if _, err := readCapture(os.DevNull, time.Time{}, time.Now()); err == nil {
		t.Error("an empty file passes for a capture")
	}
}
