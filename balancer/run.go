package balancer

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/hald-project/hald/discovery"
	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/thrift"
)

// worker is what a run works with; the tests have other tools.
type worker struct {
	open  func() (ipvsctl.Kernel, error)
	build func(Check) (healthcheck.Checker, error)
	find  func(context.Context, Source, func(discovery.Answer))
	room  int // for events that the director has not taken
}

// Run is the balancer: it reads Commands from link and writes Reports to it
// until ctx ends or the link is closed, and then leaves in good order: no probe
// is under way, the events that were left have been sent if the director takes
// them within a second, and the kernel's table stays as it is (or, with
// ClearOnStop, is rid of our services). Then it closes the link.
//
// The error is nil for such an end; otherwise it names a command that makes no
// sense, or what could not be cleared.
func Run(ctx context.Context, link net.Conn) error {
	return worker{ipvsctl.Open, newChecker, discovery.NewWatcher().Run, maxEvents}.run(ctx, link)
}

// RunShadow is Run for a trial beside whatever does the work: it runs every
// check and reports what it would do, to a table that was empty when it began;
// the kernel's is neither read nor changed.
func RunShadow(ctx context.Context, link net.Conn) error {
	return worker{ipvsctl.OpenShadow, newChecker, discovery.NewWatcher().Run, maxEvents}.run(ctx, link)
}

func (w worker) run(ctx context.Context, link net.Conn) error {
	defer link.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	thrift.Spend()
	commands := make(chan Command)
	out := newOutbox(w.room)
	pool := newPool(w, commands, out)

	parts := []func() error{
		func() error { return receive(ctx, link, commands) },
		func() error { return out.send(ctx, link) },
		func() error { return pool.run(ctx) },
	}
	errs := make([]error, len(parts))
	var group sync.WaitGroup
	for i, part := range parts {
		group.Go(func() {
			defer cancel()
			if err := part(); !errors.Is(err, errClosed) {
				errs[i] = err
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
