// Package healthcheck asks servers, and this machine, whether they are well. It owns the probes
// (one file a kind), the [Tally] that turns results into a verdict, the [Monitor]
// that probes one target on a schedule, and the [Loop] that does it for ten
// thousand.
//
// A probe makes a fresh connection each time, believes nothing the server
// sends, and costs at most its timeout and a fixed amount of memory. The
// package never decides what a verdict means for traffic, never shares a
// connection between probes and never touches the kernel's tables.
package healthcheck
