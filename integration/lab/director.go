//go:build linux

package lab

import "time"

// Director is a daemon on one of the two directors. Its methods act at once
// and return when it has happened.
type Director interface {
	// Name is lb1 or lb2.
	Name() string
	// Daemon is the kind: "hald", "keepalived" or "FRR".
	Daemon() string
	// Start starts the daemon. It does not wait until it is master or backup.
	Start()
	// Stop is SIGTERM and the wait for the end; it returns the exit status.
	Stop() int
	// Kill is kill -9 of every process of the daemon.
	Kill()
	// KillElection and KillBalancer are kill -9 of the one child only.
	KillElection()
	KillBalancer()
	// Freeze and Thaw are SIGSTOP and SIGCONT to every process of the daemon.
	Freeze()
	Thaw()
	// Running tells whether the daemon's first process lives.
	Running() bool
	// Process is the running daemon, or the last one.
	Process() *Process
}

// launcher is a Director in terms of how to start it and how to tell its
// children apart.
type launcher struct {
	name, daemon       string
	launch             func() *Process
	election, balancer func(pid int) bool // is this child the one
	current            *Process
}

func (d *launcher) Name() string      { return d.name }
func (d *launcher) Daemon() string    { return d.daemon }
func (d *launcher) Start()            { d.current = d.launch() }
func (d *launcher) Stop() int         { return d.current.Stop() }
func (d *launcher) Kill()             { d.current.Kill() }
func (d *launcher) KillElection()     { d.current.killChild("election", d.election) }
func (d *launcher) KillBalancer()     { d.current.killChild("balancer", d.balancer) }
func (d *launcher) Freeze()           { d.current.Freeze() }
func (d *launcher) Thaw()             { d.current.Thaw() }
func (d *launcher) Running() bool     { return d.current != nil && d.current.Running() }
func (d *launcher) Process() *Process { return d.current }

// AwaitMaster waits until the director holds the VIP and the other one does not.
func (l *Lab) AwaitMaster(name string, within time.Duration) {
	l.t.Helper()
	l.Eventually(within, name+" alone holds the VIP", func() bool {
		for _, d := range Directors {
			if l.Holds(d, VIP) != (d == name) {
				return false
			}
		}
		return true
	})
}
