package ipvsctl

import "fmt"

// Role is what the kernel's connection synchronisation does: IP_VS_STATE_* of
// linux/ip_vs.h.
type Role uint8

// The roles. The kernel can have both at a time; we want one.
const (
	Sender   Role = 1 // tells the others of the connections here
	Receiver Role = 2 // learns of those elsewhere
)

// String is "sender" or "receiver".
func (r Role) String() string {
	switch r {
	case Sender:
		return "sender"
	case Receiver:
		return "receiver"
	}
	return fmt.Sprintf("role-%d", uint8(r))
}

// Daemon is one of the kernel's threads that synchronise connections, of which
// each network namespace has one for a role. The kernel has none while the table
// holds a destination of another family than its service's, and the other way
// round.
type Daemon struct {
	Role      Role   // zero in a wish: leave what runs as it is
	Interface string // multicast goes there and comes from there
	ID        int    // 0–255, the same on all directors
	// Stale, only ever read: the interface it was started on is gone, and what
	// has the name now, if anything, is another one.
	Stale bool
}

// String is one line.
func (d Daemon) String() string { return fmt.Sprintf("%s on %s id %d", d.Role, d.Interface, d.ID) }

// planSync is the ops that leave only the wanted one running. What runs is ours
// if one is wanted, since there is room for no other, or if we started it.
func planSync(have []Daemon, want *Daemon, owned bool) (stop, start []Op) {
	if want == nil && !owned || want != nil && want.Role == 0 {
		return nil, nil
	}
	running := false
	for _, d := range have {
		if want != nil && d == *want {
			running = true
		} else {
			stop = append(stop, Op{Kind: StopSync, Sync: d})
		}
	}
	if want != nil && !running {
		start = []Op{{Kind: StartSync, Sync: *want}}
	}
	return stop, start
}
