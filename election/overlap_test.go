package election

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// listen collects what an observer says of splits.
func listen(told *[]string) *observer {
	return newObserver(shop(150), func(e event.Event) {
		*told = append(*told, fmt.Sprintf("%s %s %.0f ms, %d", e.Name, e.Reason, e.DurationMS, e.Count))
	}, func(vrrp.Transition) {})
}

// A split is told at once, and how long it was.
func TestSplitIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		o := listen(&told)
		o.Split(false, 0, addrB, 100)
		if want := []string{"vrrp.split start 0 ms, 1"}; !slices.Equal(told, want) {
			t.Fatalf("told %q, want %q", told, want)
		}
		for i := range 10 {
			time.Sleep(time.Second)
			o.Split(false, time.Duration(i+1)*time.Second, addrB, 100)
		}
		o.Split(true, 10*time.Second, addrB, 100)
		if want := []string{"vrrp.split start 0 ms, 1", "vrrp.split end 10000 ms, 1"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

// One forged advert that loses, every down interval and a little: three splits are
// told at once, then one in ten seconds, which stands for those before it. One that
// lasts is told though it began among them.
func TestPulsesOfAForgerAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		o := listen(&told)
		pulse := func() {
			o.Split(false, 0, addrB, 100)
			time.Sleep(30 * time.Millisecond)
			o.Split(true, 10*time.Millisecond, addrB, 100)
			time.Sleep(10 * time.Millisecond)
		}
		for range 3 * 250 { // 30 s
			pulse()
		}
		want := []string{
			"vrrp.split start 0 ms, 1", "vrrp.split end 10 ms, 1", "vrrp.split start 0 ms, 1", "vrrp.split end 10 ms, 1", "vrrp.split start 0 ms, 1", "vrrp.split end 10 ms, 1",
			"vrrp.split start 0 ms, 248", "vrrp.split end 2480 ms, 248", "vrrp.split start 0 ms, 250", "vrrp.split end 2500 ms, 250",
		}
		if !slices.Equal(told, want) {
			t.Fatalf("told %q, want %q", told, want)
		}
		pulse()
		told = nil
		for i := range 12 {
			o.Split(false, time.Duration(i)*time.Second, addrB, 100)
			time.Sleep(time.Second)
		}
		o.Split(true, 11*time.Second, addrB, 100)
		if want := []string{"vrrp.split start 0 ms, 1", "vrrp.split end 11000 ms, 1"}; !slices.Equal(told, want) {
			t.Errorf("of a split of 11 s after the pulses was told %q, want %q", told, want)
		}
	})
}
