package director

import (
	"context"
	"encoding/json"
	"io"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// Link is the director's end of the connection to a worker. Closing its write
// side asks the worker to leave in good order; the worker may go on reporting
// until it has left.
type Link interface {
	io.ReadWriteCloser
	CloseWrite() error
}

// Start begins one life of a worker. The worker is killed when ctx ends. The
// function wait returns when it has ended: nil if it left in good order, else
// why it died.
type Start func(ctx context.Context) (link Link, wait func() error, err error)

// message is what a supervisor tells the director.
type message struct {
	event      *event.Event
	move       *election.Move      // the election waits with it
	instances  []election.Status   // nil: no news
	services   []balancer.Status   // what the balancer was asked for; nil: something else
	kernel     balancer.Operations // with services
	idle       bool                // no balancer works at the moment
	tracks     []balancer.Verdict  // nil: no news
	planned    *election.Planned   // nil: no news
	kept       *kept               // from a keeper
	override   *overrideOrder      // from an operator
	level      *LogStatus          // from an operator
	answer     *answer             // of a worker, to a configuration
	peer       *heardPeer          // an answer of the other director
	configured string              // the worker of this name has its configuration
}

// electionReport reads one message of the election process.
func electionReport(from *json.Decoder) (message, error) {
	var r election.Report
	err := from.Decode(&r)
	m := message{event: r.Event, move: r.Move, instances: r.Status, planned: r.Planned}
	if c := r.Configured; c != nil {
		m.answer = &answer{RoleElection, c.Serial, c.Error}
	}
	return m, err
}

// balancerReport reads one message of the balancer process.
func balancerReport(from *json.Decoder) (message, error) {
	var r balancer.Report
	err := from.Decode(&r)
	m := message{event: r.Event, services: r.Status, kernel: r.Kernel, tracks: r.Tracks}
	if c := r.Configured; c != nil {
		m.answer = &answer{RoleBalancer, c.Serial, c.Error}
	}
	return m, err
}
