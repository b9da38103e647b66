//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"
)

// row is one case and what was seen.
type row struct {
	scenario
	observation
}

const introduction = `# The rhythm of advertisements

How evenly a master advertises at a short interval, hald beside keepalived, in turn on the same machine. This page is written by

    go run ./integration/rhythm -o docs/rhythm.md

as root on Linux. Two network namespaces with a cable between them are the two directors; each virtual router has one address; a
packet capture at the backup's end, with the kernel's time stamps, is the witness. *Loaded* is four busy loops for each core.
A *gap* is the time between two advertisements of the better director for one virtual router, also if the other one spoke meanwhile; one that
did not end while it was watched counts with what was seen of it. A *false takeover* is the other one's first advertisement after one of the better
one's, which lived; the return is none. *CPU* is what all processes of the master used, as a share of one core; *memory* is
proportional (PSS). hald has its real-time policy where it is permitted, as here; keepalived is measured as it comes and with
` + "`vrrp_rt_priority 50`" + `. A daemon of which a process ended and was started again while it was watched has no CPU and memory, but the word *restarted*.

`

// tables is the page.
func tables(rows []row, about string) string {
	var b strings.Builder
	b.WriteString(introduction + about + "\n")
	for i, r := range rows {
		if i == 0 || r.instances != rows[i-1].instances {
			fmt.Fprintf(&b, "\n## Virtual routers: %d, every %v, watched for %v\n\n", r.instances, r.interval, r.during)
			b.WriteString("| machine | daemon | gap p50 | p99 | p99.9 | longest | false takeovers | CPU | memory |\n|---|---|---|---|---|---|---|---|---|\n")
		}
		machine := "idle"
		if r.loaded {
			machine = "loaded"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %d | %s |\n", machine, r.daemon.name(),
			short(r.quantile(0.5)), short(r.quantile(0.99)), short(r.quantile(0.999)), short(r.quantile(1)), len(r.takeovers), r.cost())
	}
	return b.String()
}

// cost is the cells of what the master used.
func (r row) cost() string {
	if !r.whole {
		return "restarted | –"
	}
	return fmt.Sprintf("%.1f %% | %.0f MB", 100*r.cpu.Seconds()/r.during.Seconds(), float64(r.memory)/1e6)
}

func short(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
