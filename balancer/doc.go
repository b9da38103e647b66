// Package balancer is the IPVS half of a director: it watches real servers,
// decides which of them the kernel's table should have and with what weight,
// and keeps the table so. It owns the monitors, the verdicts, the drains and
// the wish handed to ipvsctl; it never takes part in the election, never reads
// a configuration file and never blocks on the one who listens to it.
//
// [Run] is the whole of it, as a process: commands come in and reports go out
// over one connection to the director. Both directors of a cluster run it all
// the time, so the table of a backup is warm when it takes over.
//
// # What a server's place in the table is
//
// One pure function, step, answers that for everything at once, from the
// configuration, the verdicts, and the table as it was wanted before (at the
// start: as the kernel has it):
//
//   - A server is up when all its checks pass, down when one fails. Until new
//     checks have decided, the verdict before them stands. A server that never
//     had a verdict keeps the place the kernel's table gives it (initial
//     "kernel"), or is in ("up"), or is treated as failed ("down").
//   - A failed server is removed at once, drained, or left in with weight 0
//     (on_fail).
//   - A server that is disabled or gone from the configuration is drained:
//     weight 0, then deleted when its drain time is over or the kernel counts
//     no connection to it. A disabled server is not probed.
//   - While the weights of the up servers sum up to less than the quorum and
//     the sorry server is usable, it takes all new connections: the servers
//     that are still up are treated as on_fail says. A sorry server that fails
//     its own check is not used, and the remaining servers go on. When the
//     quorum is back the sorry server is drained. Servers without a verdict
//     neither make a quorum nor break it, except by the place the kernel gives
//     them, so a start does not begin with the sorry page.
//   - A virtual server that is gone from the configuration is deleted at once:
//     its address goes too.
package balancer
