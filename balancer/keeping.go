package balancer

import (
	"context"
	"os"

	"github.com/hald-project/hald/ipvsctl"
)

// keeping is the reconciler under the pool's hand. It starts with the first
// configuration that asks anything of IPVS, or that finds the ownership record of
// a life that did: a director without services needs no kernel that has it.
type keeping struct {
	open       func() (ipvsctl.Kernel, error)
	out        *outbox // its events wait while there is much to write
	reports    chan ipvsctl.Report
	reconciler *ipvsctl.Reconciler // nil: not started
	done       chan error          // its end
	config     Config              // the part of it that concerns the table as a whole counts
	role       ipvsctl.Role        // zero: the election has not said yet
}

// configure passes on what concerns the table as a whole.
func (k *keeping) configure(ctx context.Context, c Config) {
	if k.reconciler == nil {
		if !concernsIPVS(c) {
			return
		}
		k.start(ctx, c.Record)
	}
	k.out.hold()
	k.config = c
	k.config.Services = nil
	k.reconciler.Configure(k.settings())
}

// follow has the synchronisation of connections do what is right where the
// election has put this director.
func (k *keeping) follow(p Place) {
	k.role = ipvsctl.Receiver
	if p.Master {
		k.role = ipvsctl.Sender
	}
	if k.reconciler != nil && k.config.Sync != nil {
		k.reconciler.Configure(k.settings())
	}
}

func (k *keeping) settings() ipvsctl.Settings {
	c := k.config
	s := ipvsctl.Settings{
		Timeouts:    ipvsctl.Timeouts{TCP: c.TCPTimeout, TCPFin: c.TCPFinTimeout, UDP: c.UDPTimeout},
		Sysctls:     c.Sysctls,
		ClearOnStop: c.ClearOnStop,
	}
	if c.Sync != nil {
		s.Sync = &ipvsctl.Daemon{Role: k.role, Interface: c.Sync.Interface, ID: c.Sync.ID}
	}
	return s
}

func concernsIPVS(c Config) bool {
	if len(c.Services)+len(c.Order) > 0 || c.TCPTimeout+c.TCPFinTimeout+c.UDPTimeout > 0 || c.Sync != nil || len(c.Sysctls) > 0 {
		return true
	}
	_, err := os.Stat(c.Record)
	return err == nil
}

func (k *keeping) start(ctx context.Context, record string) {
	k.reconciler = ipvsctl.NewReconciler(ipvsctl.Options{
		Open:   k.open,
		Record: record,
		Begin:  k.out.hold,
		End:    k.out.release,
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
