//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// link is a network namespace for each director and one with the bridge between
// them.
type link struct{ prefix string }

const wire = "wire"

func (l link) namespace(node string) string { return l.prefix + node }

// connect builds the link of a pair.
func connect(id string) (l link, err error) {
	l.prefix = fmt.Sprintf("soak-%d-%s-", os.Getpid(), id)
	bridge := l.namespace(wire)
	commands := []string{
		"netns add " + bridge,
		"-n " + bridge + " link add br0 type bridge mcast_snooping 0",
		"-n " + bridge + " link set br0 up",
	}
	for _, node := range directors {
		ns := l.namespace(node)
		commands = append(commands,
			"netns add "+ns,
			"netns exec "+ns+" sysctl -qw net.ipv6.conf.default.accept_dad=0",
			"-n "+ns+" link add eth0 type veth peer name "+node+" netns "+bridge,
			"-n "+bridge+" link set "+node+" master br0 up",
			"-n "+ns+" address add "+own[node]+"/24 dev eth0",
			"-n "+ns+" link set lo up",
			"-n "+ns+" link set eth0 up")
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
	for _, node := range append([]string{wire}, directors...) {
		exec.Command("ip", "netns", "delete", l.namespace(node)).Run()
	}
}

// in is a command in a node's namespace.
func (l link) in(node string, command ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", l.namespace(node)}, command...)...)
}

// mute loses a director's adverts on the way to the other one.
func (l link) mute(director string) error {
	return l.filter("add table bridge soak\nadd chain bridge soak forward { type filter hook forward priority 0; }\n" +
		"add rule bridge soak forward iifname " + director + " ip protocol 112 drop\n" +
		"add rule bridge soak forward iifname " + director + " ip6 nexthdr 112 drop\n")
}

// deliver is the end of mute.
func (l link) deliver() error { return l.filter("delete table bridge soak\n") }

func (l link) filter(rules string) error {
	cmd := l.in(wire, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out)
	}
	return nil
}
