package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hald-project/hald/config"
)

// kernel judges IPVS and the schedulers in use.
func (d *diagnosis) kernel() {
	if len(d.Services) == 0 {
		return
	}
	k := d.Kernel
	switch {
	case k.IPVS:
		d.ok("ip_vs", "", "IPVS is in the kernel")
	case k.Known["ip_vs"]:
		d.warn("ip_vs", "", "modprobe ip_vs", "the module ip_vs is not loaded: hald loads it if it may, which a hardened unit does not (for every boot: echo ip_vs > /etc/modules-load.d/hald.conf)")
	case k.Known == nil:
		d.fail("ip_vs", "", "modprobe ip_vs", "IPVS is not in the kernel, and its modules are not seen from here: load it on the host")
	default:
		d.fail("ip_vs", "", "apt-get install linux-image-amd64, and boot it", "the kernel %s has no IPVS, neither loaded nor among its modules", k.Release)
		return
	}
	var modules []string
	for _, sv := range d.Services {
		modules = append(modules, "ip_vs_"+sv.Scheduler)
		if sv.PersistenceEngine != "" {
			modules = append(modules, "ip_vs_pe_"+sv.PersistenceEngine)
		}
	}
	slices.Sort(modules)
	for _, m := range slices.Compact(modules) {
		switch {
		case k.has(m):
			d.ok("scheduler", m, "the kernel has it")
		case k.Known == nil:
			d.warn("scheduler", m, "modprobe "+m, "it is not loaded, and the kernel's modules are not seen from here")
		default:
			d.fail("scheduler", m, "apt-get install linux-image-amd64, and boot it", "the kernel %s has no module %s; it has %s", k.Release, m, schedulers(k))
		}
	}
}

// schedulers are those that a kernel has.
func schedulers(k Kernel) string {
	var all []string
	for _, modules := range []map[string]bool{k.Loaded, k.Known} {
		for m := range modules {
			if strings.HasPrefix(m, "ip_vs_") && !slices.Contains(all, m) {
				all = append(all, m)
			}
		}
	}
	slices.Sort(all)
	return orNothing(strings.Join(all, " "))
}

// perCheck is how many descriptors a check needs at most, and spareFiles how many all
// else does.
const (
	perCheck   = 1
	spareFiles = 256
)

// process judges what hald may do, if it is started as this command was.
func (d *diagnosis) process() {
	if lacks := d.Process.Lacks; len(lacks) > 0 {
		d.fail("capabilities", "", "sudo hald doctor; in the unit: AmbientCapabilities="+strings.Join(lacks, " "), "missing: %s", strings.Join(lacks, " "))
	} else {
		d.ok("capabilities", "", "CAP_NET_ADMIN and CAP_NET_RAW are there")
	}
	fastest := d.fastest()
	switch {
	case d.Process.RealTime:
		d.ok("real_time", "", "the election may run in real time")
	case fastest != nil && fastest.Interval < slowEnough:
		d.fail("real_time", fastest.Name, realTimeCure, "adverts every %v need an election in real time (SCHED_FIFO), which is not permitted: a busy machine would be late", fastest.Interval)
	default:
		d.warn("real_time", "", realTimeCure, "the election may not run in real time (SCHED_FIFO): on a busy machine it may be late by tens of milliseconds")
	}
	checks := 0
	serversOf(d.Config, func(_ config.Service, s config.Server) { checks += len(s.Checks) })
	if need := uint64(checks*perCheck + spareFiles); d.Process.Files < need {
		d.fail("open_files", "", fmt.Sprintf("prlimit --pid $$ --nofile=%d; in the unit: LimitNOFILE=%d", need, need), "%d files may be open, and %d checks at once need up to %d", d.Process.Files, checks, need)
	}
}

const realTimeCure = "prlimit --pid $$ --rtprio=10; in the unit: LimitRTPRIO=10"

// fastest is the instance with the shortest interval.
func (d *diagnosis) fastest() *config.Instance {
	var f *config.Instance
	for i := range d.Instances {
		if f == nil || d.Instances[i].Interval < f.Interval {
			f = &d.Instances[i]
		}
	}
	return f
}

// clock: the election goes by the monotonic clock, certificates and logs by this one.
func (d *diagnosis) clock() {
	switch {
	case !d.Clock.Known:
	case d.Clock.Synchronised:
		d.ok("clock", "", "the clock is synchronised")
	default:
		d.warn("clock", "", "timedatectl set-ntp true", "the clock is not synchronised: the election does not mind, but certificates are judged by it, and logs of two directors cannot be laid side by side")
	}
}

// programs: two that hold the same addresses, or write the same table, undo each other's
// work.
func (d *diagnosis) programs() {
	for _, p := range d.Others {
		cure := fmt.Sprintf("kill %d", p.PID)
		if p.Unit != "" {
			cure = "systemctl disable --now " + p.Unit
		}
		what := "runs here"
		if p.VRRP {
			what = "runs here and speaks VRRP"
		}
		if p.Name == "hald" {
			what += ", and does not answer at this runtime directory"
		}
		d.fail("other_daemon", p.Name, cure, "%s (process %d) %s: two of them would take addresses and IPVS tables from each other", p.Name, p.PID, what)
	}
	if len(d.Others) == 0 {
		d.ok("other_daemon", "", "no other program here speaks VRRP or keeps an IPVS table")
	}
}
