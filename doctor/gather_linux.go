package doctor

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/netif"
)

// Gather finds out about the machine and its links, in the network namespace of the
// calling process. It listens to each link for so long, and asks for half a second
// after that who has the addresses. What it cannot find out is among the Troubles.
func Gather(ctx context.Context, c *config.Config, daemon Daemon, listen time.Duration) Facts {
	f := Facts{
		Daemon: daemon, Kernel: kernel("/"), Process: process(), Clock: clock(), Sysctls: settings(Settings(c)),
		Multicast: map[string]bool{}, Listened: listen,
	}
	f.Others = programs(daemon.Running) // before there are sockets of ours
	var err error
	if f.Links, err = netif.List(); err != nil {
		f.trouble("interface", err, "look at the links")
	}
	for name := range f.Links {
		if ifi, err := net.InterfaceByName(name); err == nil {
			f.Multicast[name] = ifi.Flags&net.FlagMulticast != 0
		}
	}
	f.Defaults, f.Routes = routes(c, f.Links)
	if f.Walls, f.States, err = walls(c, f.Links); err != nil {
		f.trouble("firewall", err, "read the nftables rules")
	}
	if names, err := os.ReadFile("/proc/net/ip_tables_names"); err == nil && strings.Contains(string(names), "filter") {
		f.Troubles = append(f.Troubles, Finding{"firewall", "iptables", Warn, "rules of iptables-legacy cannot be judged from here", "iptables-legacy -S"})
	}
	f.Wire = hear(ctx, c, f, listen, func(link string, err error) { f.trouble("wire", err, "listen to "+link) })
	return f
}

// trouble takes note of what could not be looked at.
func (f *Facts) trouble(check string, err error, what string) {
	f.Troubles = append(f.Troubles, Finding{check, "", Warn, "could not " + what + ": " + err.Error(), "sudo hald doctor"})
}

// settings reads settings of the kernel.
func settings(names []string) map[string]string {
	values := map[string]string{}
	for _, name := range names {
		if text, err := os.ReadFile(settingFile(name)); err == nil {
			values[name] = strings.TrimSpace(string(text))
		}
	}
	return values
}

// settingFile: sysctl takes a slash for a dot, and the other way round.
func settingFile(name string) string {
	swapped := strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, name)
	return filepath.Join("/proc/sys", swapped)
}

// kernel looks what a kernel has of IPVS.
func kernel(root string) Kernel {
	release, _ := os.ReadFile(filepath.Join(root, "proc/sys/kernel/osrelease"))
	k := Kernel{Release: strings.TrimSpace(string(release)), Loaded: map[string]bool{}}
	loaded, _ := filepath.Glob(filepath.Join(root, "sys/module/ip_vs*"))
	for _, m := range loaded {
		k.Loaded[filepath.Base(m)] = true
	}
	_, err := os.Stat(filepath.Join(root, "proc/net/ip_vs"))
	k.IPVS = err == nil || k.Loaded["ip_vs"]
	folder := filepath.Join(root, "lib/modules", k.Release)
	for _, list := range []string{"modules.dep", "modules.builtin"} {
		text, err := os.ReadFile(filepath.Join(folder, list))
		if err != nil {
			continue
		}
		if k.Known == nil {
			k.Known = map[string]bool{}
		}
		for line := range strings.Lines(string(text)) {
			file, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name, _, _ := strings.Cut(filepath.Base(file), "."); strings.HasPrefix(name, "ip_vs") {
				k.Known[name] = true
			}
		}
	}
	return k
}

// listening are the interfaces that the wire is heard on.
func listening(c *config.Config) (all []string) {
	for _, in := range c.Instances {
		for _, name := range append([]string{in.Interface}, linksOf(in)...) {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

func linksOf(in config.Instance) (all []string) {
	for _, a := range in.Addresses {
		all = append(all, linkOf(in, a))
	}
	return all
}
