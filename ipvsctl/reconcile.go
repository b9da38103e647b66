package ipvsctl

import (
	"context"
	"reflect"
	"time"
)

// Options are what a Reconciler works with.
type Options struct {
	// Open opens the kernel's table; in production it is the function Open. It
	// is called again whenever the way to the kernel broke.
	Open func() (Kernel, error)
	// Record is the path of the ownership record; its folder must exist. Empty:
	// services of an earlier life are not known.
	Record string
	// Resync is how often the kernel's table is compared with the wanted one
	// when nothing else happens. 0: 3 s.
	Resync time.Duration
	// Report is told what happened, on Run's goroutine; it must not block.
	Report func(Report)
	// Begin and End are called, on Run's goroutine too, before a round that may change
	// what was set and after it. nil: nobody wants to know.
	Begin, End func()
}

// Settings are what is wanted of the table as a whole.
type Settings struct {
	Timeouts    Timeouts
	Sysctls     map[string]string // by name below net.ipv4.vs; they are as before again when Run ends
	Sync        *Daemon           // connection synchronisation; nil: none; it is stopped when Run ends
	ClearOnStop bool              // delete our services when Run ends
}

const (
	defaultResync = 3 * time.Second
	firstRetry    = 100 * time.Millisecond
)

// Reconciler keeps the kernel's table equal to what was last set. Its Run is
// the only owner of the way to the kernel.
type Reconciler struct {
	options  Options
	services chan []Service // latest wins
	settings chan Settings  // latest wins
}

// NewReconciler returns a Reconciler that does nothing before Run.
func NewReconciler(o Options) *Reconciler {
	if o.Resync == 0 {
		o.Resync = defaultResync
	}
	return &Reconciler{options: o, services: make(chan []Service, 1), settings: make(chan Settings, 1)}
}

// Set says which services are wanted from now on. It never blocks; the latest
// counts. The caller does not change want afterwards. Before the first Set the
// kernel is read and reported, but not changed.
func (r *Reconciler) Set(want []Service) { put(r.services, want) }

// Configure says how the table as a whole is wanted, in the way of Set.
func (r *Reconciler) Configure(s Settings) { put(r.settings, s) }

// put leaves v as the only value in the mailbox.
func put[T any](box chan T, v T) {
	for {
		select {
		case box <- v:
			return
		default:
		}
		select {
		case <-box:
		default:
		}
	}
}

// Run keeps the table until ctx ends. Failures are reported and tried again;
// the error is that of clearing the table at the end.
func (r *Reconciler) Run(ctx context.Context) error {
	k := keeper{Options: r.options, all: true}
	defer k.disconnect()

	var unread error
	if k.record, unread = openRecord(r.options.Record); unread != nil {
		k.Report(Failed{Err: unread})
	}
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return k.stop()
		case k.want = <-r.services:
			k.asked, k.fresh = true, true
		case s := <-r.settings:
			k.fresh, k.all = true, k.all || !reflect.DeepEqual(s, k.settings)
			k.settings = s
		case <-next.C:
			k.all = true
		}
		next.Reset(k.round())
	}
}
