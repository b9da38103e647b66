package ipvsctl

import "time"

// Report is one of Observed, Applied, Drift, Synchronising, Failed and Recovered.
type Report interface{ report() }

// Observed is the table as it was read, before anything was changed. There is
// one at the start and one each round.
type Observed struct{ Snapshot Snapshot }

// Applied: the kernel's table was made equal to what was set. A round after
// Set or Configure reports it even when there was nothing to do.
type Applied struct {
	Adds, Updates, Deletes int // ops that succeeded
	Took                   time.Duration
}

// Drift: somebody else had changed what is ours, and these ops repaired it.
type Drift struct{ Ops []Op }

// Synchronising: connections are synchronised as the Daemon says from now on, or
// with Stopped no longer.
type Synchronising struct {
	Daemon  Daemon
	Stopped bool
}

// Failed is one op the kernel refused, or with an op of kind None a failure of
// the whole: no IPVS, no access, no record. A failure is reported when it is
// new, not at each retry.
type Failed struct {
	Op  Op
	Err error
}

// Recovered: the failures reported before are over and the table is right.
type Recovered struct{}

func (Observed) report()      {}
func (Applied) report()       {}
func (Drift) report()         {}
func (Failed) report()        {}
func (Synchronising) report() {}
func (Recovered) report()     {}

// Error is one line.
func (f Failed) Error() string {
	if f.Op.Kind == None {
		return f.Err.Error()
	}
	return f.Op.String() + ": " + f.Err.Error()
}

// Unwrap is the cause.
func (f Failed) Unwrap() error { return f.Err }
