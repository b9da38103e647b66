package realserver

import (
	"errors"
	"testing"

	"github.com/vishvananda/netlink"
)

// TestListingsAreWhole: one that a change tore is made again, not for ever, and another
// failure is none of that.
func TestListingsAreWhole(t *testing.T) {
	other := errors.New("no such namespace")
	for _, tt := range []struct {
		torn, calls int
		then, want  error
	}{
		{0, 1, nil, nil}, {3, 4, nil, nil}, {3, 4, other, other}, {99, 10, nil, netlink.ErrDumpInterrupted},
	} {
		calls := 0
		all, err := whole(func() ([]int, error) {
			if calls++; calls <= tt.torn {
				return nil, netlink.ErrDumpInterrupted
			}
			return []int{calls}, tt.then
		})
		if !errors.Is(err, tt.want) || calls != tt.calls || err == nil && (len(all) != 1 || all[0] != calls) {
			t.Errorf("torn %d times: %v, %v after %d calls", tt.torn, all, err, calls)
		}
	}
}
