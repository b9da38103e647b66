package balancer

import (
	"context"

	"github.com/hald-project/hald/ipvsctl"
)

// keeping is the reconciler under the pool's hand. It starts with the first
// configuration, which says where its ownership record is.
type keeping struct {
	open       func() (ipvsctl.Kernel, error)
	reports    chan ipvsctl.Report
	reconciler *ipvsctl.Reconciler // nil: not started
	done       chan error          // its end
}

// configure passes on what concerns the table as a whole.
func (k *keeping) configure(ctx context.Context, c Config) {
	if k.reconciler == nil {
		k.start(ctx, c.Record)
	}
	k.reconciler.Configure(ipvsctl.Settings{
		Timeouts:    ipvsctl.Timeouts{TCP: c.TCPTimeout, TCPFin: c.TCPFinTimeout, UDP: c.UDPTimeout},
		ClearOnStop: c.ClearOnStop,
	})
}

func (k *keeping) start(ctx context.Context, record string) {
	k.reconciler = ipvsctl.NewReconciler(ipvsctl.Options{
		Open:   k.open,
		Record: record,
		Report: func(r ipvsctl.Report) { // the pool is always about to take it
			select {
			case k.reports <- r:
			case <-ctx.Done():
			}
		},
	})
	go func() { k.done <- k.reconciler.Run(ctx) }()
}

// wait is for after ctx has ended.
func (k *keeping) wait() error {
	if k.reconciler == nil {
		return nil
	}
	return <-k.done
}
