package netif

import (
	"bytes"
	"fmt"
	"os"
)

// maxProcesses is PID_MAX_LIMIT of linux/threads.h. Ports from there on are given to
// those that have another socket already (netlink_autobind).
const maxProcesses = 1 << 22

// By tells for people who asked for the removal; empty when the kernel does not say.
// The port of a process's first socket is its id, in its own namespace of process
// ids, which may not be ours.
func (l Loss) By() string {
	if l.Port == 0 {
		return ""
	}
	port := fmt.Sprintf("netlink port %d", l.Port)
	if l.Port >= maxProcesses {
		return port
	}
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", l.Port)); err == nil {
		return fmt.Sprintf("%s, perhaps pid %d (%s)", port, l.Port, bytes.TrimSpace(name))
	}
	return fmt.Sprintf("%s, perhaps a process of that id that has ended", port)
}
