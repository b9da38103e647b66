package election

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hald-project/hald/garp"
)

const (
	// earBudget is how many messages are read before a pause of earPause, so that
	// a flood costs what the pause allows and no more; the rest is lost.
	earBudget = 256
	earPause  = 50 * time.Millisecond
)

// ear hears what others claim; *garp.Listener is the real one.
type ear interface {
	Next() (garp.Claim, error)
	Close() error
}

// ears hear for all lookouts of the process, one for each link and family
// (ADR 0010). One is opened when the first lookout listens, for what all of them will
// want there, and stays until the last is gone: the kernel takes so long to close a packet
// socket that hundreds of takeovers at once must not wait for hundreds of them.
type ears struct {
	open func(linkIndex int, addrs []netip.Addr) (ear, error) // of one family

	mu     sync.Mutex
	at     map[earKey]*sharedEar
	roster map[string]*roster // by link
}

type earKey struct {
	link string
	ipv4 bool
}

// sharedEar is what the lookouts of one link share for a family.
type sharedEar struct {
	wanted map[netip.Addr]int                 // how many lookouts will listen for an address
	takers map[netip.Addr][]chan<- garp.Claim // those that do
	now    *openEar                           // nil: none yet, or the last one failed
}

// openEar is one that somebody reads.
type openEar struct {
	ear
	index   int          // of the link
	addrs   []netip.Addr // that it hears of
	closing chan struct{}
	done    chan struct{}
}

func newEars(open func(int, []netip.Addr) (ear, error)) *ears {
	return &ears{open: open, at: map[earKey]*sharedEar{}, roster: map[string]*roster{}}
}

// want announces a lookout for addresses of one family; forget takes it back.
func (e *ears) want(link string, addrs []netip.Addr) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := earKey{link, addrs[0].Is4()}
	if e.at[key] == nil {
		e.at[key] = &sharedEar{wanted: map[netip.Addr]int{}, takers: map[netip.Addr][]chan<- garp.Claim{}}
	}
	for _, a := range addrs {
		e.at[key].wanted[a]++
	}
}

// forget returns when an ear that nobody wants any more is closed.
func (e *ears) forget(link string, addrs []netip.Addr) {
	e.mu.Lock()
	key := earKey{link, addrs[0].Is4()}
	s := e.at[key]
	for _, a := range addrs {
		if s.wanted[a]--; s.wanted[a] == 0 {
			delete(s.wanted, a)
		}
	}
	var old *openEar
	if len(s.wanted) == 0 {
		old, s.now = s.now, nil
		delete(e.at, key)
	}
	e.mu.Unlock()
	old.close()
}

// listen has claims of addresses that are wanted sent to a channel until mute, and may do
// without a channel. Who does not take them loses them.
func (e *ears) listen(link string, index int, addrs []netip.Addr, claims chan<- garp.Claim) error {
	e.mu.Lock()
	s := e.at[earKey{link, addrs[0].Is4()}]
	var old *openEar
	if s.now == nil || s.now.index != index || !s.now.hears(addrs) {
		all := slices.SortedFunc(maps.Keys(s.wanted), netip.Addr.Compare)
		opened, err := e.open(index, all)
		if err != nil {
			e.mu.Unlock()
			return err
		}
		old = s.now
		s.now = &openEar{ear: opened, index: index, addrs: all, closing: make(chan struct{}), done: make(chan struct{})}
		go e.read(link, s, s.now)
	}
	if claims != nil {
		for _, a := range addrs {
			s.takers[a] = append(s.takers[a], claims)
		}
	}
	e.mu.Unlock()
	old.close()
	return nil
}

func (e *ears) mute(link string, addrs []netip.Addr, claims chan<- garp.Claim) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.at[earKey{link, addrs[0].Is4()}]
	for _, a := range addrs {
		s.takers[a] = slices.DeleteFunc(s.takers[a], func(c chan<- garp.Claim) bool { return c == claims })
	}
}

// read hands out what an ear hears until it closes or fails.
func (e *ears) read(link string, s *sharedEar, o *openEar) {
	defer close(o.done)
	for n := 1; ; n++ {
		c, err := o.Next()
		e.mu.Lock()
		if err != nil {
			failed := s.now == o // otherwise it was closed
			if failed {
				s.now = nil
			}
			e.mu.Unlock()
			if failed {
				o.Close()
			}
			return
		}
		e.roster[link].locate(c)
		for _, claims := range s.takers[c.Addr] {
			select {
			case claims <- c:
			default:
			}
		}
		e.mu.Unlock()
		if n%earBudget == 0 {
			select {
			case <-time.After(earPause):
			case <-o.closing:
			}
		}
	}
}

// hears tells whether an ear hears of all of some addresses.
func (o *openEar) hears(addrs []netip.Addr) bool {
	return !slices.ContainsFunc(addrs, func(a netip.Addr) bool {
		_, found := slices.BinarySearchFunc(o.addrs, a, netip.Addr.Compare)
		return !found
	})
}

// close ends the reader too.
func (o *openEar) close() {
	if o != nil {
		close(o.closing)
		o.Close()
		<-o.done
	}
}
