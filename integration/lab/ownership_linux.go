package lab

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
)

// Watch records who holds an address, as the kernels tell it.
type Watch struct {
	lab  *Lab
	done chan struct{}

	mu      sync.Mutex
	changes []Change
	err     error
}

// WatchOwners starts to watch who holds the address.
func (l *Lab) WatchOwners(address netip.Prefix) *Watch {
	l.t.Helper()
	w := &Watch{lab: l, done: make(chan struct{})}
	for _, name := range Directors {
		updates := make(chan netlink.AddrUpdate, 1024)
		l.must(l.directors[name].do(func() error {
			if err := netlink.AddrSubscribeWithOptions(updates, w.done, netlink.AddrSubscribeOptions{
				ReceiveBufferSize: 1 << 20, ReceiveBufferForceSize: true, ErrorCallback: w.fail,
			}); err != nil {
				return fmt.Errorf("watch the addresses of %s: %w", name, err)
			}
			return nil
		}))
		// Read after subscribing: what changes in between is told twice, and
		// telling the same thing twice does no harm.
		w.add(Change{time.Now(), name, l.Holds(name, address)})
		go func() {
			for u := range updates {
				if prefixOf(&u.LinkAddress) == address {
					w.add(Change{time.Now(), name, u.NewAddr})
				}
			}
		}()
	}
	l.t.Cleanup(w.stop)
	return w
}

// Ownership is who held the address up to now.
func (w *Watch) Ownership() Ownership {
	w.lab.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		w.lab.t.Fatalf("watch the owners: %v", w.err)
	}
	return ownership(w.changes)
}

func (w *Watch) add(c Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = append(w.changes, c)
}

func (w *Watch) fail(err error) {
	select {
	case <-w.done: // closing the sockets makes their reads fail
		return
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

func (w *Watch) stop() { close(w.done) }

func prefixOf(n *net.IPNet) netip.Prefix {
	a, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits)
}
