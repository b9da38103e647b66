package director

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
)

// explained are the instances, each with the reason why it is not master here.
func (l *life) explained(now time.Time) []election.Status {
	noPreempt := map[string]bool{}
	for _, i := range l.now().election.Instances {
		noPreempt[i.Name] = i.NoPreempt
	}
	explained := make([]election.Status, 0, len(l.instances))
	for _, s := range l.instances {
		s.WhyNotMaster = whyNotMaster(s, noPreempt[s.Name], l.planned.now.Maintenance, l.now().config.Directors, now)
		s.Split = l.splits.status(s.Name)
		explained = append(explained, s)
	}
	return explained
}

// whyNotMaster is the reason in one phrase; empty for a master.
func whyNotMaster(s election.Status, noPreempt bool, m *election.Maintenance, directors []config.Director, now time.Time) string {
	master := nameOf(s.Master, directors)
	switch {
	case s.State == "master":
		return ""
	case m != nil:
		return "maintenance" + untilText(m.Until)
	case s.State == "fault":
		return strings.Join(s.Faults, ", ") + left(", tried again in ", s.RetryAt, now)
	case s.State == "init" && s.RetryAt.After(now):
		return "waiting for start_delay" + left(", ", s.RetryAt, now)
	case s.State != "backup":
		return s.Reason
	case s.MasterPriority == 0:
		return "no master is heard: about to take over"
	case s.Standby != nil:
		return fmt.Sprintf("standing by%s: %s is master", untilText(s.Standby.Until), master)
	case s.MasterPriority > s.EffectivePriority:
		return fmt.Sprintf("%s has the higher priority %d", master, s.MasterPriority)
	case s.MasterPriority == s.EffectivePriority:
		return fmt.Sprintf("%s is master and has the same priority", master)
	case noPreempt:
		return fmt.Sprintf("%s is master and preempt is false", master)
	case s.PreemptAt.After(now):
		return fmt.Sprintf("waiting for preempt_delay%s: %s is master with priority %d", left(", ", s.PreemptAt, now), master, s.MasterPriority)
	}
	return fmt.Sprintf("about to preempt %s with priority %d", master, s.MasterPriority)
}

// nameOf is a director's name by its address, or the address.
func nameOf(address string, directors []config.Director) string {
	if address == "" {
		return "another router" // heard on another link of the sync group
	}
	for _, d := range directors {
		if d.Address.IsValid() && d.Address == parsed(address) {
			return d.Name
		}
	}
	return address
}

func parsed(address string) netip.Addr {
	a, _ := netip.ParseAddr(address)
	return a.WithZone("")
}

// untilText is an end of planned work, to the second.
func untilText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.Format(time.DateTime)
}

// left is how much longer something takes, rounded up; empty when it is over.
func left(before string, t, now time.Time) string {
	d := t.Sub(now)
	if d <= 0 {
		return ""
	}
	unit := time.Second
	if d < time.Second {
		unit = time.Millisecond
	}
	return before + (d + unit - 1).Truncate(unit).String()
}
