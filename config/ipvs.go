package config

import (
	"fmt"
	"slices"
	"time"
)

// maxKernelTimeout is what ip_vs_set_timeout accepts at every tick rate:
// INT_MAX ticks of 1 ms (net/netfilter/ipvs/ip_vs_ctl.c).
const maxKernelTimeout = 596 * time.Hour

// defaultRefresh is how often the other directors hear again of a connection
// that is in use. A director that comes back has learnt of those after that time.
const defaultRefresh = 10 * time.Second

func (r *reader) readIPVS(root *block, instances []instance) IPVS {
	b := root.only("ipvs")
	timeouts := b.only("timeouts")
	timeout := func(name string) time.Duration {
		return read(r, timeouts, name, duration(time.Second, maxKernelTimeout, time.Second)).value
	}
	set := func(name string) *bool {
		if f := read(r, b, name, boolean); f.ok {
			return &f.value
		}
		return nil
	}
	part := IPVS{
		TCPTimeout:              timeout("tcp"),
		TCPFinTimeout:           timeout("tcp_fin"),
		UDPTimeout:              timeout("udp"),
		ExpireNodestConn:        set("expire_nodest_conn"),
		ExpireQuiescentTemplate: set("expire_quiescent_template"),
		ClearOnStop:             read(r, b, "clear_on_stop", boolean).value,
	}
	if sync := b.nested["connection_sync"]; len(sync) > 0 {
		r.synced = true
		part.Sync = r.readSync(sync[0], instances)
	}
	return part
}

// gathered is what a connection's news may wait in the kernel of who sends it, and
// a second for the next packet of that connection (IPVS_SYNC_FLUSH_TIME: 2 s,
// looked at every second).
const gathered = 4 * time.Second

// readSync reads connection_sync, which follows an instance.
func (r *reader) readSync(b *block, instances []instance) *Sync {
	name := need(r, b, "vrrp_instance", "the name of the instance whose master tells the others of its connections", filled)
	link := needPerDirector(r, b, "interface", "the link to the other directors, over which they hear of connections", interfaceName)
	id := read(r, b, "id", integer(0, 255))
	s := &Sync{
		Instance:  name.value,
		Interface: link.value,
		ID:        id.value,
		Refresh:   read(r, b, "refresh", duration(0, time.Hour, time.Second)).or(defaultRefresh).value,
	}
	if !name.ok {
		return s
	}
	i := slices.IndexFunc(instances, func(in instance) bool { return in.Name == name.value })
	if i < 0 {
		var names []string
		for _, in := range instances {
			names = append(names, in.Name)
		}
		hint := ""
		if !name.text.hidden {
			hint = didYouMean(name.value, names)
		}
		r.fail(name.at, "Unknown vrrp_instance", fmt.Sprintf("There is no vrrp_instance %s.%s", name.shown(), hint))
		return s
	}
	in := instances[i]
	if !id.given {
		s.ID = int(in.VRID)
	}
	if learnt := s.Refresh + gathered; !in.NoPreempt && in.PreemptDelay < learnt {
		r.source.warn(&b.at, "Connections are lost when the better director comes back", fmt.Sprintf(
			"vrrp_instance %s preempts before the director that returns has learnt of the connections, which takes %s. Set its preempt_delay to at least that, or preempt = false.",
			name.shown(), learnt))
	}
	return s
}
