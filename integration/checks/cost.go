//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// family is a process and all that descend from it.
func family(pid int) []int {
	pids := []int{pid}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, family(child)...)
			}
		}
	}
	return pids
}

// spent is the processor time of a family (proc_pid_schedstat: ns).
func spent(pid int) (sum time.Duration) {
	for _, p := range family(pid) {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			first, _, _ := strings.Cut(string(text), " ")
			ns, _ := strconv.ParseInt(first, 10, 64)
			sum += time.Duration(ns)
		}
	}
	return sum
}

// checking is the process of a family that makes the checks: hald's is called so, and
// keepalived's is its last.
func checking(pid int) int {
	all := family(pid)
	for _, p := range all {
		if text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p)); strings.Contains(string(text), "balancer") {
			return p
		}
	}
	return all[len(all)-1]
}

// retried is how many first packets of connections were sent again in a process's network
// namespace: after a second (RFC 6298, 2.1), because the first was lost (TCPSynRetrans).
func retried(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/netstat", pid))
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TcpExt:" {
			continue
		}
		if at := slices.Index(names, "TCPSynRetrans"); at >= 0 && at < len(fields) {
			n, _ := strconv.ParseInt(fields[at], 10, 64)
			return n
		}
		names = fields
	}
	return 0
}

// memory is the proportional set size of processes, in bytes.
func memory(pids ...int) (sum int64) {
	for _, p := range pids {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		for line := range strings.Lines(string(text)) {
			if rest, is := strings.CutPrefix(line, "Pss:"); is {
				kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				sum += kib << 10
			}
		}
	}
	return sum
}

// table is the medians, and hald's share of keepalived's processor time.
func table(sizes []int, found map[cell][]figures) string {
	var text strings.Builder
	text.WriteString("| check | real servers | daemon | CPU per 1,000 checks, ms | of keepalived's | checks/s | PSS, MiB | of the process that checks | later than the interval, ms: p99 | most | SYNs sent again |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, kind := range []string{"tcp", "http"} {
		for _, n := range sizes {
			theirs := median(found[cell{"keepalived", kind, n}], func(f figures) float64 { return f.cpu })
			for _, daemon := range []string{"keepalived", "hald"} {
				of := func(get func(figures) float64) float64 { return median(found[cell{daemon, kind, n}], get) }
				cpu := of(func(f figures) float64 { return f.cpu })
				fmt.Fprintf(&text, "| %s | %d | %s | %.1f | %.0f %% | %.0f | %.1f | %.1f | %.1f | %.1f | %.0f |\n", kind, n, daemon, cpu, 100*cpu/theirs,
					of(func(f figures) float64 { return f.rate }), of(func(f figures) float64 { return f.pss }), of(func(f figures) float64 { return f.own }),
					of(func(f figures) float64 { return f.p99 }), of(func(f figures) float64 { return f.most }), of(func(f figures) float64 { return f.lost }))
			}
		}
	}
	return text.String()
}

func median(all []figures, get func(figures) float64) float64 {
	values := make([]float64, len(all))
	for i, f := range all {
		values[i] = get(f)
	}
	return middle(values)
}

// middle is the median; 0 of nothing.
func middle(values []float64) float64 {
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// ends are the least and the most.
func ends(values []float64) (least, most float64) {
	if len(values) == 0 {
		return 0, 0
	}
	return slices.Min(values), slices.Max(values)
}
