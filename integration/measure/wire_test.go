//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// A scene of frames, times in milliseconds; the event is at 1000.
func advert(at int, from string, priority uint8) lab.Frame {
	return lab.Frame{Time: time.UnixMilli(int64(at)), From: from, Advert: &lab.Advert{Priority: priority}}
}

func announcement(at int, from string) lab.Frame {
	address := lab.VIP.Addr()
	return lab.Frame{Time: time.UnixMilli(int64(at)), From: from, ARP: &lab.ARP{SenderIP: address, TargetIP: address}}
}

func question(at int, from string) lab.Frame {
	return lab.Frame{Time: time.UnixMilli(int64(at)), From: from,
		ARP: &lab.ARP{SenderIP: lab.VIP.Addr(), TargetIP: lab.Client.Addr()}}
}

func TestSeen(t *testing.T) {
	for _, c := range []struct {
		name     string
		frames   []lab.Frame
		found    bool
		overhead time.Duration // beyond 609.375 ms, or 3609.375 ms
	}{
		{"the master falls silent", []lab.Frame{
			advert(500, "lb1", 150), announcement(4110, "lb2"), advert(4111, "lb2", 100)}, true, 625 * time.Microsecond},
		{"the last advert counts", []lab.Frame{
			advert(0, "lb1", 150), advert(1000, "lb1", 150), announcement(4610, "lb2")}, true, 625 * time.Microsecond},
		{"the master resigns", []lab.Frame{
			advert(500, "lb1", 150), advert(1001, "lb1", 0), announcement(1611, "lb2")}, true, 625 * time.Microsecond},
		{"the first resignation counts", []lab.Frame{
			advert(1001, "lb1", 0), advert(1101, "lb1", 0), announcement(1611, "lb2")}, true, 625 * time.Microsecond},
		{"an old announcement does not count", []lab.Frame{
			advert(500, "lb1", 150), announcement(900, "lb2"), announcement(4110, "lb2")}, true, 625 * time.Microsecond},
		{"nor does a question", []lab.Frame{
			advert(500, "lb1", 150), question(2000, "lb2"), announcement(4110, "lb2")}, true, 625 * time.Microsecond},
		{"nor does the old master's", []lab.Frame{
			advert(500, "lb1", 150), announcement(2000, "lb1"), announcement(4110, "lb2")}, true, 625 * time.Microsecond},
		{"nobody takes over", []lab.Frame{advert(500, "lb1", 150), advert(1500, "lb1", 150)}, false, 0},
		{"nobody was there", []lab.Frame{announcement(4110, "lb2")}, false, 0},
	} {
		got, found := seen(c.frames, "lb1", "lb2", lab.VIP.Addr(), time.UnixMilli(1000))
		if found != c.found {
			t.Errorf("%s: found %t", c.name, found)
			continue
		}
		if overhead := got.overhead(lab.Cluster{}, "lb2"); found && overhead != c.overhead {
			t.Errorf("%s: %v over the bound, want %v", c.name, overhead, c.overhead)
		}
	}
}
