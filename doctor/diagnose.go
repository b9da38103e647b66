package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hald-project/hald/config"
)

// Diagnose judges the facts about the machine that is the director of a
// configuration. The findings come in the order in which one would look.
func Diagnose(c *config.Config, f Facts) []Finding {
	d := diagnosis{Config: c, Facts: f}
	d.daemon()
	d.kernel()
	d.process()
	d.clock()
	d.programs()
	d.links()
	d.settings()
	d.gone()
	d.mtus()
	d.servers()
	d.firewall()
	for _, in := range c.Instances {
		d.routers(in)
		d.peers(in)
		d.addresses(in)
	}
	return append(d.chart, f.Troubles...)
}

type diagnosis struct {
	*config.Config
	Facts
	chart
}

func (d *diagnosis) daemon() {
	if d.Daemon.Running {
		masters := []string{}
		for _, in := range d.Instances {
			if d.Daemon.Masters[in.Name] {
				masters = append(masters, in.Name)
			}
		}
		d.ok("daemon", "", "hald runs here, master of %s: what it holds is its own", orNothing(strings.Join(masters, ", ")))
		return
	}
	d.ok("daemon", "", "hald does not run here")
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// isIPv6 tells the family of an instance's adverts.
func isIPv6(in config.Instance) bool {
	switch {
	case len(in.Addresses) > 0:
		return in.Addresses[0].Prefix.Addr().Is6()
	case len(in.Peers) > 0:
		return in.Peers[0].Is6()
	}
	return false
}

// linkOf is the interface that an address is held on.
func linkOf(in config.Instance, a config.Address) string {
	if a.Interface != "" {
		return a.Interface
	}
	return in.Interface
}

// others are the other directors.
func (d *diagnosis) others() (all []config.Director) {
	for _, o := range d.Directors {
		if o.Name != d.Director.Name {
			all = append(all, o)
		}
	}
	return all
}

// own tells whether an address is on a link of this machine.
func (d *diagnosis) own(addr netip.Addr) bool {
	for _, l := range d.Links {
		for _, a := range l.Addrs {
			if a.Prefix.Addr() == addr.WithZone("") {
				return true
			}
		}
	}
	return false
}

// servers are all of the configuration's that have an address, by how packets
// reach them.
func serversOf(c *config.Config, visit func(config.Service, config.Server)) {
	for _, sv := range c.Services {
		for _, s := range sv.Servers {
			if s.Find == nil {
				visit(sv, s)
			}
		}
		if sv.Sorry != nil {
			visit(sv, *sv.Sorry)
		}
	}
}

// sysctl is the name of a setting of a link, as sysctl takes it.
func sysctl(family, link, name string) string {
	return fmt.Sprintf("net.%s.conf.%s.%s", family, strings.ReplaceAll(link, ".", "/"), name)
}

// interfaces are those that the configuration names, each once.
func interfaces(c *config.Config) (all []string) {
	add := func(name string) {
		if name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	for _, in := range c.Instances {
		add(in.Interface)
		for _, a := range in.Addresses {
			add(a.Interface)
		}
		for _, t := range in.Trackers {
			if t.Kind == "interface" {
				add(t.Name)
			}
		}
	}
	if c.IPVS.Sync != nil {
		add(c.IPVS.Sync.Interface)
	}
	return all
}
