package ipvsctl

import "errors"

// Kernel is what a Reconciler needs of the kernel's table. It belongs to one
// goroutine.
type Kernel interface {
	// Read is everybody's table.
	Read() (Snapshot, error)
	// Look is those of the services with these keys that are there, with their
	// destinations, sorted as in a Snapshot. The keys are sorted.
	Look(keys []Key) ([]Service, error)
	// Apply carries out the ops in order. An op that fails does not stop the
	// others; failed lists those in order. err means that the way to the kernel
	// broke and nobody knows what was done: close and open again.
	Apply(ops []Op) (failed []Failed, err error)
	Close() error
}

// ErrNoIPVS is what Open returns on a kernel without IPVS.
var ErrNoIPVS = errors.New("the kernel has no IPVS: run `modprobe ip_vs`; if there is no such module, " +
	"install the distribution's extra modules (linux-modules-extra) or a kernel built with CONFIG_IP_VS")
