package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/vrrp"
)

// painter turns a status document into tables for an operator.
type painter struct {
	colour bool
	now    time.Time
}

func (p painter) document(d director.Document) string {
	var text strings.Builder
	fmt.Fprintf(&text, "cluster %s, director %s, hald %s, up %s, configuration %.12s\n",
		d.Cluster, d.Director, d.Version, age(time.Duration(d.UptimeS*float64(time.Second))), d.Config.Hash)
	if d.DryRun {
		t := table{colour: p.colour}
		t.row(cell{"DRY RUN: nothing of what is shown is done", yellow})
		text.WriteString(t.String())
	}
	if d.NotReady != "" {
		t := table{colour: p.colour}
		t.row(cell{"NOT READY: " + d.NotReady, red})
		text.WriteString(t.String())
	}
	if q := d.Peer; q != nil && !q.Reachable {
		t := table{colour: p.colour}
		t.row(cell{fmt.Sprintf("peer %s is not seen for %s: %s", q.Address, p.since(q.Since), q.Error), yellow})
		text.WriteString(t.String())
	}
	text.WriteString(p.planned(d))
	if len(d.VRRPInstances) > 0 {
		text.WriteString("\n" + p.instances(d.VRRPInstances))
		if holdings := p.holdings(d.VRRPInstances); holdings != "" {
			text.WriteString("\n" + holdings)
		}
		text.WriteString(p.trackers(d.VRRPInstances))
	}
	if len(d.VirtualServers) > 0 {
		text.WriteString("\n" + p.services(d.VirtualServers))
		text.WriteString(p.findings(d.VirtualServers))
	}
	text.WriteString(p.notifiers(d.Notifiers))
	return text.String()
}

// planned is what an operator must not overlook: that this director is out of the
// election, that its log is another than the configuration has it, and what would not
// survive a restart.
func (p painter) planned(d director.Document) string {
	t := table{colour: p.colour}
	if m := d.Maintenance; m != nil {
		line := "MAINTENANCE for " + p.since(m.Since) + until(m.Until, ", until ")
		if m.By != "" {
			line += ", by " + m.By
		}
		t.row(cell{line + ": this director is out of the election", yellow})
	}
	if d.Log.By != "" {
		t.row(plain("log level " + d.Log.Level + ", by " + d.Log.By))
	}
	if d.StateError != "" {
		t.row(cell{"planned work would not survive a restart: " + d.StateError, red})
	}
	return t.String()
}

func (p painter) instances(instances []election.Status) string {
	t := table{colour: p.colour}
	t.row(heading("INSTANCE", "STATE", "SINCE", "PRIORITY", "VRID", "INTERFACE", "MASTER", "ADDRESSES", "WHY")...)
	for _, s := range instances {
		t.row(plain(s.Name), stateCell(s.State), plain(p.since(s.Since)), plain(priority(s)), number(s.VRID),
			plain(interfaces(s)), plain(orDash(s.Master)), plain(addresses(s.VirtualAddresses)), p.why(s))
	}
	return t.String()
}

// interfaces are where the adverts go and, where that is another, which link has
// the addresses with the virtual MAC.
func interfaces(s election.Status) string {
	if s.VirtualInterface == "" {
		return s.Interface
	}
	return s.Interface + " (" + s.VirtualInterface + ")"
}

// trackers is empty where nothing is tracked.
func (p painter) trackers(instances []election.Status) string {
	t := table{colour: p.colour}
	for _, s := range instances {
		for _, k := range s.Trackers {
			if t.rows == nil {
				t.row(heading("TRACKER", "INSTANCE", "STATE", "SINCE", "WEIGHT", "WHY")...)
			}
			why := plain(k.Error)
			if k.State == "down" {
				why.paint = red
			}
			t.row(plain(k.Kind+":"+k.Name), plain(s.Name), stateCell(k.State), plain(p.since(k.Since)), plain(effect(k)), why)
		}
	}
	if t.rows == nil {
		return ""
	}
	return "\n" + t.String()
}

// effect is what a tracker does to the priority: the number of a file is there now,
// a weight while it fails or succeeds, as its sign says.
func effect(k election.TrackerStatus) string {
	switch {
	case k.Kind == "file":
		return fmt.Sprintf("%+d", k.Value)
	case k.Weight == 0:
		return "fault"
	}
	return fmt.Sprintf("%+d", k.Weight)
}

// why is what made a master one, and what keeps others from it; and that its link is of
// no use to the election, or that it is not the only one.
func (p painter) why(s election.Status) cell {
	c := reason(s)
	if s.PathDown != nil {
		c = cell{fmt.Sprintf("%s; path down for %s: %s", c.text, p.since(s.PathDown.Since), s.PathDown.Reason), red}
	}
	if s.Split != nil {
		c = cell{fmt.Sprintf("%s; two masters for %s, the other is %s", c.text, p.since(s.Split.Since), s.Split.Peer), red}
	}
	return c
}

func reason(s election.Status) cell {
	switch {
	case len(s.Faults) > 0:
		return cell{s.WhyNotMaster, red}
	case s.Standby != nil:
		return cell{s.WhyNotMaster, yellow}
	case s.WhyNotMaster != "":
		return plain(s.WhyNotMaster)
	}
	if words := becameMaster[s.Reason]; s.State == "master" && words != "" {
		return plain(words)
	}
	return plain(s.Reason)
}

// becameMaster has the reasons for which one becomes master in words.
var becameMaster = map[string]string{
	vrrp.ReasonMasterSilent:   "no master was heard",
	vrrp.ReasonMasterResigned: "the master before gave way",
	vrrp.ReasonPreempt:        "the master before had a lower priority",
	vrrp.ReasonOwner:          "it owns the addresses",
}

func (p painter) services(services []balancer.Status) string {
	t := table{colour: p.colour, right: map[int]bool{6: true, 7: true, 8: true, 9: true, 10: true}}
	t.row(heading("SERVICE", "QUORUM", "SERVER", "STATE", "SINCE", "WEIGHT", "ACTIVE", "INACTIVE", "NEW/S", "IN/S", "OUT/S", "ADDRESS", "CHECKS")...)
	for _, s := range services {
		t.row(slices.Concat([]cell{plain(s.Name), quorum(s), {}, {}, {}, {}}, usage(s.Usage), []cell{plain(addresses(s.Addresses)), {s.Error, red}})...)
		for _, r := range s.RealServers {
			t.row(slices.Concat([]cell{{}, {}, plain(r.Name), stateCell(r.State), plain(p.since(r.Since)), weightCell(r)}, usage(r.Usage), []cell{plain(r.Address), checks(r.Checks)})...)
		}
	}
	return t.String()
}

// weightCell is the weight, and whose it is if not the configuration's.
func weightCell(r balancer.ServerStatus) cell {
	if r.Override == nil {
		return plain(weight(r))
	}
	return cell{weight(r) + " (" + r.Override.Word() + ", by " + r.Override.By + until(r.Override.Since, ", since ") + until(r.Override.Until, ", until ") + ")", yellow}
}

// stateCell paints a state by what it means for the operator.
func stateCell(state string) cell {
	switch state {
	case "master", "up":
		return cell{state, green}
	case "fault", "down":
		return cell{state, red}
	case "init", "unknown", "draining", "disabled":
		return cell{state, yellow}
	default:
		return plain(state)
	}
}

func quorum(s balancer.Status) cell {
	switch {
	case s.HasQuorum:
		return cell{"ok", green}
	case s.Sorry:
		return cell{"lost, sorry server in use", red}
	default:
		return cell{"lost", red}
	}
}

// checks says how the last probes went: each in a few words, errors in full.
func checks(results []balancer.CheckStatus) cell {
	c := cell{}
	var words []string
	for _, r := range results {
		if r.Error != "" {
			c.paint = red
			words = append(words, r.Kind+": "+r.Error)
		} else {
			words = append(words, fmt.Sprintf("%s %.1f ms", r.Kind, r.LatencyMS)+said(r))
			if r.WeightError != "" && c.paint == "" {
				c.paint = yellow
			}
		}
	}
	c.text = strings.Join(words, ", ")
	return c
}

// said is the weight that a check gives its server, or why it gives none.
func said(r balancer.CheckStatus) string {
	switch {
	case r.Weight != nil:
		return fmt.Sprintf(" (weight %d)", *r.Weight)
	case r.WeightError != "":
		return fmt.Sprintf(" (no weight: %s)", r.WeightError)
	}
	return ""
}

// priority shows the effective one, and the configured one if it differs.
func priority(s election.Status) string {
	return ofWanted(s.EffectivePriority, s.Priority)
}

// weight shows the effective one, and the configured one if it differs.
func weight(s balancer.ServerStatus) string {
	return ofWanted(s.EffectiveWeight, s.Weight)
}

func ofWanted(is, wanted int) string {
	if is == wanted {
		return strconv.Itoa(is)
	}
	return fmt.Sprintf("%d of %d", is, wanted)
}

func addresses(list []string) string { return firstOf(list, " ") }

// firstOf are the first ones and how many more.
func firstOf(list []string, separator string) string {
	const shown = 2
	if len(list) <= shown {
		return strings.Join(list, separator)
	}
	return fmt.Sprintf("%s +%d", strings.Join(list[:shown], separator), len(list)-shown)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (p painter) since(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return age(p.now.Sub(t))
}

// age is a duration in its two largest units.
func age(d time.Duration) string {
	d = max(0, d)
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < day:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd%02dh", int(d/day), int(d.Hours())%24)
	}
}
