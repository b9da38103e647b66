package main

import (
	"fmt"
	"strconv"

	"github.com/hald-project/hald/balancer"
)

// usage is what the kernel counts, in five cells: open connections, those that
// are closing or not open yet, and what a second brings.
func usage(u balancer.Usage) []cell {
	return []cell{
		plain(strconv.FormatUint(u.Active, 10)), plain(strconv.FormatUint(u.Inactive, 10)),
		plain(strconv.FormatUint(u.PerSecond.Connections, 10)), plain(sized(u.PerSecond.BytesIn)), plain(sized(u.PerSecond.BytesOut)),
	}
}

// sized is a number of them in three digits or four: 999 B, 1.2 kB, 34 MB.
func sized(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	value, units := float64(n), "kMGTPE"
	for value /= 1000; value >= 999.5; value /= 1000 {
		units = units[1:]
	}
	if value < 9.95 {
		return fmt.Sprintf("%.1f %cB", value, units[0])
	}
	return fmt.Sprintf("%.0f %cB", value, units[0])
}
