//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
)

// cables are what the network interfaces are called at both ends.
var cables = []string{"eth0", "eth1"}

// link is two network namespaces with two cables between them.
type link struct{ namespaces map[string]string }

var links atomic.Int64 // numbers the namespaces

func connect(nodes []string) (l link, err error) {
	l.namespaces = make(map[string]string)
	n := links.Add(1)
	for _, node := range nodes {
		l.namespaces[node] = fmt.Sprintf("rhythm-%d-%d-%s", os.Getpid(), n, node)
	}
	a, b := l.namespaces[nodes[0]], l.namespaces[nodes[1]]
	commands := []string{"netns add " + a, "netns add " + b, "-n " + a + " link set lo up", "-n " + b + " link set lo up"}
	for i, cable := range cables {
		commands = append(commands, fmt.Sprintf("-n %s link add %s type veth peer name %s netns %s", a, cable, cable, b))
		for _, node := range nodes {
			in := "-n " + l.namespaces[node]
			commands = append(commands, fmt.Sprintf("%s address add %s/24 dev %s", in, own(node, i), cable), in+" link set "+cable+" up")
		}
	}
	for _, command := range commands {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			l.remove()
			return l, fmt.Errorf("ip %s: %w: %s", command, err, out)
		}
	}
	return l, nil
}

func (l link) remove() {
	for _, name := range l.namespaces {
		exec.Command("ip", "netns", "delete", name).Run()
	}
}

// start starts a command on a node; what it says goes to a file.
func (l link) start(node string, command []string, log string) (*exec.Cmd, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cmd := exec.Command("ip", append([]string{"netns", "exec", l.namespaces[node]}, command...)...)
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	return cmd, nil
}
