package election

import (
	"errors"
	"slices"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
)

// refusalEvery is how often the kernel is asked whether it still drops what it
// was told to: loading a firewall's rules usually begins with deleting all others.
const refusalEvery = time.Second

// filter drops packets to addresses, by the name of the instance; netif.Filter
// is the real one.
type filter interface {
	Able(name string, closed []netif.Closed) error
	Refuse(name string, closed []netif.Closed) error
	Refuses(name string, closed []netif.Closed) (bool, error)
	Admit(name string) error
	Refused() ([]string, error)
}

// errAccepted says that packets were accepted for up to refusalEvery.
var errAccepted = errors.New("somebody deleted the rules that drop packets to the virtual addresses; they are back")

// refusal keeps a master from accepting packets to its addresses (RFC 9568, 6.1:
// Accept_Mode False), from before it claims them until after it released them.
// A nil refusal is an instance that accepts. It belongs to the holder.
type refusal struct {
	filter filter
	name   string
	closed []netif.Closed

	check time.Time // when the kernel is asked; zero: nothing is refused
}

// refuses tells whether packets to the addresses are dropped; an owner's are its
// own (RFC 9568, 6.4.3).
func (c Instance) refuses() bool { return c.NoAccept && !c.owns() }

func newRefusal(cfg Instance, f filter) *refusal {
	if !cfg.refuses() {
		return nil
	}
	return &refusal{filter: f, name: cfg.Name, closed: cfg.closed()}
}

// closed are the addresses of an instance, with their interfaces.
func (c Instance) closed() (list []netif.Closed) {
	for _, a := range c.Addresses {
		list = append(list, netif.Closed{Interface: c.linkOf(a), Address: a.Prefix.Addr()})
	}
	return list
}

func (r *refusal) begin() error {
	if r == nil || !r.check.IsZero() {
		return nil
	}
	if err := r.filter.Refuse(r.name, r.closed); err != nil {
		return err
	}
	r.check = time.Now().Add(refusalEvery)
	return nil
}

// end also removes what a previous life left.
func (r *refusal) end() error {
	if r == nil {
		return nil
	}
	r.check = time.Time{}
	return r.filter.Admit(r.name)
}

func (r *refusal) deadline() time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.check
}

// tick repairs what others deleted, and says so.
func (r *refusal) tick(now time.Time) error {
	if r == nil || r.check.IsZero() || now.Before(r.check) {
		return nil
	}
	r.check = now.Add(refusalEvery)
	there, err := r.filter.Refuses(r.name, r.closed)
	if err != nil || there {
		return err
	}
	return errors.Join(errAccepted, r.filter.Refuse(r.name, r.closed))
}

// ability finds out in time whether an instance will be able to refuse: one that
// is not must not stand by to become master. It belongs to the election.
type ability struct {
	filter  filter
	cfg     Instance
	emit    func(event.Event)
	proven  bool
	trouble string // the last reason, which is reported once
}

func (a *ability) given() bool {
	if !a.cfg.refuses() || a.proven {
		return true
	}
	err := a.filter.Able(a.cfg.Name, a.cfg.closed())
	a.proven = err == nil
	if err != nil && err.Error() != a.trouble {
		a.trouble = err.Error()
		a.emit(event.Event{Name: "vrrp.error", Reason: "accept", Error: a.trouble})
	}
	return a.proven
}

// admit removes what a previous life refused in the name of instances that accept
// now or are no more. What the others refuse is ended by their routers.
func (e *election) admit(cfg Config) {
	names, err := refusedNames(e.host.filter)
	for _, name := range names {
		if slices.ContainsFunc(cfg.Instances, func(c Instance) bool { return c.Name == name && c.refuses() }) {
			continue
		}
		err = errors.Join(err, e.host.filter.Admit(name))
		e.out.emit(event.Event{Name: "daemon.recovered", Instance: name, Reason: "accept"})
	}
	if err != nil {
		e.out.emit(event.Event{Name: "vrrp.error", Reason: "accept", Error: err.Error()})
	}
}

// admitAll removes all that a dead election refused.
func admitAll(f filter) error {
	names, err := refusedNames(f)
	for _, name := range names {
		err = errors.Join(err, f.Admit(name))
	}
	return err
}

// refusedNames are none in a kernel that cannot refuse.
func refusedNames(f filter) ([]string, error) {
	names, err := f.Refused()
	if errors.Is(err, netif.ErrNoFilter) {
		return nil, nil
	}
	return names, err
}
