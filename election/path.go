package election

import (
	"fmt"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// PathStatus says why the link of a sync group's member is of no use to the election,
// while another is: link_down and its like, or that the master is not heard on it.
type PathStatus struct {
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
}

// spare tells whether an instance of the group is a heartbeat path and nothing else: it
// holds nothing, and others do. What its link cannot do keeps nobody from being master.
func (c groupConfig) spare(i int) bool {
	if !c.Instances[i].bare() {
		return false
	}
	for _, in := range c.Instances {
		if !in.bare() {
			return true
		}
	}
	return false
}

// bare tells whether nothing moves with the instance.
func (c Instance) bare() bool { return len(c.Addresses)+len(c.Routes)+len(c.Rules) == 0 }

// The reasons of vrrp.path_up. They are stable names.
const (
	pathRestored = "restored"
	pathUnknown  = "not_backup" // any more: it hears nobody, on whatever link
)

// PathChanged names the link, and what is wrong with it.
func (o *observer) PathChanged(c vrrp.PathChange) {
	e := event.Event{Name: "vrrp.path_down", Interface: o.cfg.Interface, Reason: c.Reason, Peer: text(c.Peer), DurationMS: event.Milliseconds(c.Lasted)}
	switch {
	case !c.Down:
		e.Name, e.Reason = "vrrp.path_up", pathRestored
		if !c.Known {
			e.Reason = pathUnknown
		}
	case c.Reason == vrrp.ReasonNotHeard, c.Reason == vrrp.ReasonNeverHeard:
		e.Error = fmt.Sprintf("the master is heard on another link of the sync group, and not on %s", o.cfg.Interface)
	}
	o.emit(e)
}

// pathStatus is nil while the link is of use.
func pathStatus(s vrrp.Stats) *PathStatus {
	if s.PathDown == "" {
		return nil
	}
	return &PathStatus{Reason: s.PathDown, Since: s.PathDownSince}
}
