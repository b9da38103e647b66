package ipvsctl

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// encodeDaemon is what the kernel needs to start or stop one.
func encodeDaemon(d Daemon) attrs {
	return attrs(nil).nest(attrDaemon, attrs(nil).
		uint32(daemonState, uint32(d.Role)).
		text(daemonInterface, d.Interface).
		uint32(daemonID, uint32(d.ID)))
}

func decodeDaemon(b []byte) (d Daemon) {
	for kind, v := range all(b) {
		switch kind {
		case daemonState:
			d.Role = Role(v.uint32())
		case daemonInterface:
			d.Interface = v.text()
		case daemonID:
			d.ID = int(v.uint32())
		}
	}
	return d
}

// readSync reads what runs. The kernel's sockets hold on to the interface they
// were opened on, by its index; its name may meanwhile be another's. One that was
// started by another life counts as started on what has the name now.
func (h *handle) readSync() (daemons []Daemon, err error) {
	err = h.dump(request{command: cmdGetDaemon}, func() { daemons = nil }, func(b []byte) {
		for kind, v := range all(b) {
			if kind == attrDaemon {
				daemons = append(daemons, decodeDaemon(v))
			}
		}
	})
	for i := range daemons {
		d := &daemons[i]
		now := indexOf(d.Interface)
		if was, known := h.syncOn[d.Role]; !known {
			h.syncOn[d.Role] = now
		} else {
			d.Stale = was != now || now == 0
		}
	}
	return daemons, err
}

// indexOf is the index of an interface, 0 when there is none of that name.
func indexOf(name string) int {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0
	}
	return i.Index
}

// syncStarted remembers where a daemon began.
func (h *handle) syncStarted(d Daemon) { h.syncOn[d.Role] = indexOf(d.Interface) }

// explainSync knows what the kernel means by its error.
func explainSync(d Daemon, err error) error {
	switch {
	case errors.Is(err, unix.ENODEV):
		return fmt.Errorf("there is no interface %s: %w", d.Interface, err)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf("interface %s has no IPv4 address: %w", d.Interface, err)
	case errors.Is(err, unix.EEXIST):
		return fmt.Errorf("one runs already: %w", err)
	case errors.Is(err, unix.ESRCH):
		return fmt.Errorf("none runs: %w", err)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("the kernel synchronises no connections while a server is of another family than its service: %w", err)
	}
	return explain(err)
}
