package election

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// maxSightings is how many adverts of others are looked at on one link in one
// round.
const maxSightings = 64

// patrol looks for virtual routers that are none of ours and claim our
// addresses: a peer configured with another VRID, or somebody who took the same
// addresses. Each link is looked at once in a while, however much is said there.
type patrol struct {
	host   host
	emit   func(event.Event)
	posts  map[post]others
	limits map[string]*limit
}

// post is what a listener is for; it is opened anew when any of it changes.
type post struct {
	link  string
	index int
	ipv4  bool
	ours  string // the VRIDs, as bytes
}

func newPatrol(h host, emit func(event.Event)) *patrol {
	return &patrol{host: h, emit: emit, posts: map[post]others{}, limits: map[string]*limit{}}
}

// round looks at every link on which instances are.
func (p *patrol) round(instances map[string]*instance, links netif.Links, now time.Time) {
	wanted := posts(instances, links)
	for at, o := range p.posts {
		if _, still := wanted[at]; !still {
			o.Close()
			delete(p.posts, at)
		}
	}
	for at, held := range wanted {
		if p.posts[at] == nil {
			o, err := p.host.others(at.link, at.index, at.ipv4, []byte(at.ours))
			if err != nil {
				p.troubled(at, err, now)
				continue
			}
			p.posts[at] = o
		}
		if err := p.look(at, held, now); err != nil {
			p.troubled(at, err, now)
			p.posts[at].Close()
			delete(p.posts, at)
		}
	}
}

// posts are the links with instances, and for each our addresses there by the
// instance that has them.
func posts(instances map[string]*instance, links netif.Links) map[post]map[netip.Addr]string {
	type side struct {
		link string
		ipv4 bool
	}
	vrids, held := map[side][]uint8{}, map[side]map[netip.Addr]string{}
	for _, name := range slices.Sorted(maps.Keys(instances)) {
		c := instances[name].cfg
		s := side{c.Interface, !c.is6()}
		if held[s] == nil {
			held[s] = map[netip.Addr]string{}
		}
		vrids[s] = append(vrids[s], c.VRID)
		for _, a := range c.advertised() {
			held[s][a] = name
		}
	}
	all := map[post]map[netip.Addr]string{}
	for s, list := range vrids {
		if l, ok := links[s.link]; ok {
			slices.Sort(list)
			all[post{s.link, l.Index, s.ipv4, string(list)}] = held[s]
		}
	}
	return all
}

// look reports who else claims what is held by us.
func (p *patrol) look(at post, held map[netip.Addr]string, now time.Time) error {
	for range maxSightings {
		s, err := p.posts[at].Next()
		if errors.Is(err, vrrp.ErrEmpty) {
			return nil
		}
		if err != nil {
			return err
		}
		if s.Discard != "" {
			continue
		}
		for _, a := range s.Addresses {
			if name, ours := held[a]; ours {
				p.claimed(at, name, a, s, now)
				break
			}
		}
	}
	return nil
}

func (p *patrol) claimed(at post, name string, a netip.Addr, s vrrp.Sighting, now time.Time) {
	if n, ok := p.limit("claimed "+name).allow(now, 1); ok {
		p.emit(event.Event{
			Name: "vrrp.foreign", Reason: "addresses_in_use", Instance: name, VRID: int(s.VRID), Interface: at.link,
			Address: a.String(), Peer: text(s.Source), PeerPriority: int(s.Priority), Count: n,
		})
	}
}

func (p *patrol) troubled(at post, err error, now time.Time) {
	if _, ok := p.limit(fmt.Sprintf("trouble %s %t", at.link, at.ipv4)).allow(now, 1); ok {
		p.emit(event.Event{Name: "vrrp.error", Reason: "others", Interface: at.link, Error: err.Error()})
	}
}

func (p *patrol) limit(key string) *limit {
	l := p.limits[key]
	if l == nil {
		l = &limit{every: foreignEvery}
		p.limits[key] = l
	}
	return l
}

func (p *patrol) end() {
	for _, o := range p.posts {
		o.Close()
	}
}
