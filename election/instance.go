package election

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// The faults of a link. They are stable names.
const (
	faultNoInterface = "interface_missing"
	faultLinkDown    = "link_down"
	faultNoAddress   = "no_address" // nothing to send advertisements from
	faultNoSource    = "source_address_missing"
	faultNoFilter    = "accept_unsupported" // accept = false, and the kernel cannot keep packets away

	faultMaintenance = "maintenance" // none of the link's, but just as good a reason to be silent
)

// instance is one virtual router with all that belongs to it.
type instance struct {
	cfg      Instance
	group    *group                      // whose election it is in
	links    atomic.Pointer[netif.Links] // newest snapshot, for the holder
	options  vrrp.Options
	kernel   kernel
	sender   announcer
	filter   ability
	holder   *holder
	observer *observer         // the router's
	emit     func(event.Event) // stamps an event with the instance
	fit      *fitness          // what the trackers make of it
	unfit    []string          // the faults that follow, as the router knows them
	faults   []string          // all faults that the router knows, that of the link first
	device   *device           // nil without a virtual MAC
	spare    bool              // its link is one more way to hear the peers, and nothing else
}

func newInstance(cfg Instance, h host) (*instance, error) {
	k, err := h.kernel()
	if err != nil {
		return nil, err
	}
	s, err := h.announcer()
	if err != nil {
		k.Close()
		return nil, err
	}
	options, err := wireOptions(cfg, h.sequence)
	if err != nil {
		return nil, errors.Join(err, k.Close(), s.Close())
	}
	return &instance{cfg: cfg, kernel: k, sender: s, options: options, fit: newFitness(cfg.Priority, cfg.Trackers)}, nil
}

// member is what the instance is to its router.
func (in *instance) member(h host, emit func(event.Event), changed func(vrrp.Transition)) vrrp.Member {
	in.filter, in.emit = ability{filter: h.filter, cfg: in.cfg, emit: emit}, emit
	in.holder = newHolder(in.cfg, &in.links, in.kernel, in.sender, h, emit)
	var addresses vrrp.Addresses = in.holder
	if in.cfg.owns() {
		addresses = owner{in.holder}
	}
	in.device = newDevice(in.cfg, h, emit)
	in.observer = newObserver(in.cfg, emit, changed)
	options := in.options
	return vrrp.Member{
		Version: in.cfg.Version, VRID: in.cfg.VRID, Advertised: in.cfg.advertised(), Checksum: checksums[in.cfg.Checksum], StartDelay: in.cfg.StartDelay,
		Spare: in.spare, Addresses: addresses, Scout: in.holder,
		Observer: disputes{in.observer, in.holder},
		Dial:     func(l vrrp.Link) (vrrp.Conn, error) { return h.listen(l, options) },
	}
}

// wireOptions are how the instance speaks and whom it believes.
func wireOptions(cfg Instance, sequence *vrrp.Sequence) (vrrp.Options, error) {
	sign, err := cfg.authentication()
	return vrrp.Options{
		Interface: cfg.Interface, VRID: cfg.VRID, Peers: cfg.Peers,
		Format:   vrrp.Format{Version: cfg.Version, Checksum: checksums[cfg.Checksum], Bare: len(cfg.advertised()) == 0}.With(sign),
		Sequence: sequence, Guard: vrrp.NewGuard(vrrp.ReplayWindow(cfg.Interval), sequence),
	}, err
}

// authentication is how the instance signs and whose adverts it believes.
func (c Instance) authentication() (vrrp.Authentication, error) {
	sign := vrrp.Authentication{Password: c.Password, Lenient: c.Lenient}
	for _, key := range c.Keys {
		k, err := vrrp.NewKey(key.ID, key.Secret)
		if err != nil {
			return sign, err
		}
		sign.Keys = append(sign.Keys, k)
	}
	return sign, nil
}

// authenticatesAs tells whether two configurations sign and believe alike.
func (c Instance) authenticatesAs(next Instance) bool {
	same := func(a, b Key) bool { return a.ID == b.ID && bytes.Equal(a.Secret, b.Secret) }
	return c.Password == next.Password && c.Lenient == next.Lenient && slices.EqualFunc(c.Keys, next.Keys, same)
}

// checksums are the forms by their names in the configuration; "auto" follows
// the peer.
var checksums = map[string]vrrp.Checksum{"rfc5798": vrrp.RFC5798, "rfc9568": vrrp.RFC9568}

// look tells the instance what the links are like now, and answers with what its
// router must know.
func (in *instance) look(links netif.Links, virtual []netip.Prefix) vrrp.Link {
	l, ok := links[in.cfg.Interface]
	p := position(in.cfg, l, ok, virtual)
	if in.device != nil {
		links, p = in.device.look(links, p)
	}
	in.links.Store(&links)
	if p.Fault == "" {
		p.Fault = in.cfg.trouble(links)
	}
	if p.Fault == "" {
		p.Fault = in.cfg.owned(links)
	}
	if p.Fault == "" && !in.filter.given() {
		p.Fault = faultNoFilter
	}
	in.faults, in.unfit = nil, in.unfitness()
	if p.Fault != "" {
		in.faults = []string{p.Fault}
	}
	p.Unfit = (p.Fault == "" || in.spare) && len(in.unfit) > 0
	if p.Unfit {
		p.Fault = in.unfit[0]
	}
	in.faults = append(in.faults, in.unfit...)
	return p
}

// position judges a link: whether it can be used, and where our advertisements
// come from. virtual are all addresses that instances hold, which are nobody's
// source.
func position(cfg Instance, l netif.Link, exists bool, virtual []netip.Prefix) vrrp.Link {
	if !exists {
		return vrrp.Link{Fault: faultNoInterface}
	}
	p := vrrp.Link{Index: l.Index, Source: cfg.Source}
	switch {
	case cfg.Source.IsValid():
	case cfg.is6(): // RFC 9568, 5.1.2.1
		p.Source, _ = l.LinkLocal(virtual)
	default:
		p.Source, _ = l.PrimaryIPv4(virtual)
	}
	switch {
	case !l.Up:
		p.Fault = faultLinkDown
	case !p.Source.IsValid():
		p.Fault = faultNoAddress
	case cfg.Source.IsValid() && !slices.ContainsFunc(l.Addrs, func(a netif.Address) bool { return a.Prefix.Addr() == cfg.Source }):
		p.Fault = faultNoSource
	}
	return p
}

// status is the instance as `hald status` shows it.
func (in *instance) status(s vrrp.Stats) Status {
	st := Status{
		Name: in.cfg.Name, SyncGroup: in.group.cfg.Name, State: s.State.String(), Interface: in.cfg.Interface, VRID: int(in.cfg.VRID),
		Priority: int(in.cfg.Priority), EffectivePriority: int(s.Priority), Master: text(s.Master),
		Since: s.Since, Reason: s.Reason, Transitions: s.Transitions,
		VirtualAddresses: []string{}, AdvertsSent: s.Sent, AdvertsReceived: s.Received, Discarded: s.Discarded, Faults: []string{}, Trackers: in.fit.status(),
		WakeupDelay: histogram(s.WakeupDelay), AdvertGap: histogram(s.AdvertGap),
		MasterPriority: int(s.MasterPriority), PreemptAt: s.PreemptAt, RetryAt: s.RetryAt, PathDown: pathStatus(s),
	}
	if in.device != nil {
		st.VirtualMAC, st.VirtualInterface = in.cfg.virtualLink(netif.Link{}).MAC().String(), in.cfg.home()
	}
	if len(s.Discards) > 0 {
		st.Discards = make(map[string]uint64, len(s.Discards))
	}
	for reason, n := range s.Discards {
		st.Discards[string(reason)] = n
	}
	for _, p := range in.cfg.prefixes() {
		st.VirtualAddresses = append(st.VirtualAddresses, p.String())
	}
	if links := in.links.Load(); links != nil {
		st.Holdings = in.cfg.Holdings(*links)
	} else {
		st.Holdings = in.cfg.Holdings(nil)
	}
	if s.StandBy {
		st.Standby = &Standby{s.Until}
	}
	switch s.State {
	case vrrp.Leaving:
		st.State = vrrp.Master.String()
	case vrrp.Fault:
		st.Faults = append(st.Faults, in.faults...)
		if !slices.Contains(st.Faults, s.Reason) {
			st.Faults = append(st.Faults, s.Reason)
		}
	}
	return st
}

func histogram(h vrrp.Histogram) Histogram {
	return Histogram{Buckets: slices.Clone(h.Buckets[:]), Count: h.Count, SumMS: event.Milliseconds(h.Sum.Truncate(time.Microsecond)), MaxMS: event.Milliseconds(h.Max.Truncate(time.Microsecond))}
}
