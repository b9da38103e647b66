package director

import (
	"context"
	"time"
)

const (
	reportDelay = 250 * time.Millisecond // a change in the election is known here after so long at most, as long as it reports
	reportPause = 5 * time.Second        // and more time between two reports it takes only when it is in trouble
)

// Positions is what a director says of its elections to another one that asks: little
// enough to be asked for all the time. Its names are stable API.
type Positions struct {
	Cluster   string     `json:"cluster"`
	Director  string     `json:"director"`
	DryRun    bool       `json:"dry_run,omitempty"`
	Time      time.Time  `json:"time"`  // now
	AsOf      time.Time  `json:"as_of"` // when all of it was so, for certain
	Instances []Position `json:"vrrp_instances"`
}

// Position is that of one instance.
type Position struct {
	Name     string    `json:"name"`
	State    string    `json:"state"` // init, backup, master, fault
	Since    time.Time `json:"since"`
	Master   string    `json:"master,omitempty"` // address of the master, its own included
	Priority int       `json:"effective_priority"`
}

// positions answers /vrrp.json.
func (l *life) positions(ctx context.Context) (any, error) {
	d, err := l.asked(ctx, false)
	if err != nil {
		return nil, err
	}
	p := Positions{Cluster: d.Cluster, Director: d.Director, DryRun: d.DryRun, Time: d.Time, AsOf: d.asOf, Instances: []Position{}}
	for _, i := range d.VRRPInstances {
		p.Instances = append(p.Instances, Position{Name: i.Name, State: i.State, Since: i.Since, Master: i.Master, Priority: i.EffectivePriority})
	}
	return p, nil
}

// asOf is when the positions that were reported last were so, for certain.
func asOf(reported, now time.Time) time.Time {
	if now.Sub(reported) > reportPause {
		return reported
	}
	if certain := now.Add(-reportDelay); certain.After(reported) {
		return certain
	}
	return reported
}
