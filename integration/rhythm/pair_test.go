//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair is two directors with one configuration, a way to put frames before either,
// and a witness.
type pair struct {
	hald, folder string
	link         link
	daemons      map[string]*exec.Cmd
	wires        map[string]wire // by the director that hears what is sent
}

// newPair lays the cable and seats the witness.
func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{folder: t.TempDir(), daemons: map[string]*exec.Cmd{}, wires: map[string]wire{}}
	var err error
	if p.hald, err = build(p.folder); err != nil {
		t.Fatal(err)
	}
	if p.link, err = connect(directors); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.link.remove)
	for i, director := range directors {
		p.wires[director] = openWire(t, p.link.namespaces[directors[1-i]])
	}
	// What a stranger says of the first virtual router is not the directors' rhythm.
	filter := fmt.Sprintf("(ip proto 112 and ip[21] = %d or arp) and not ether src %s", young, strangerMAC)
	p.start(t, directors[1], []string{"tcpdump", "-i", "eth0", "-n", "-s", "64", "-B", "16384", "-U", "-w", filepath.Join(p.folder, "capture"), filter}, "tcpdump.log")
	return p
}

// startPair starts hald on both, under a command that may restrict what it is
// permitted.
func startPair(t *testing.T, config string, under ...string) *pair {
	t.Helper()
	p := newPair(t)
	for _, director := range directors {
		p.run(t, haldDaemon{p.hald}, director, config, under...)
	}
	return p
}

// start starts a command on a node, for as long as the test lasts.
func (p *pair) start(t *testing.T, node string, command []string, log string) *exec.Cmd {
	t.Helper()
	cmd, err := p.link.start(node, command, filepath.Join(p.folder, log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop([]*exec.Cmd{cmd}); err != nil {
			t.Error(err)
		}
	})
	return cmd
}

// run starts a director.
func (p *pair) run(t *testing.T, d daemon, director, config string, under ...string) {
	t.Helper()
	own := filepath.Join(p.folder, director)
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(own, "pair.hcl")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p.daemons[director] = p.start(t, director, append(under, d.command(director, file)...), director+".log")
}

// log is what a director has said so far, in lines.
func (p *pair) log(director string) []string {
	text, _ := os.ReadFile(filepath.Join(p.folder, director+".log"))
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// said are a director's lines with all of some texts.
func (p *pair) said(director string, texts ...string) (lines []string) {
next:
	for _, line := range p.log(director) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue next
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// await waits until a director has said something often enough.
func (p *pair) await(t *testing.T, director string, times int, texts ...string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); len(p.said(director, texts...)) < times; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not say %d times: %q\n%s", director, times, texts, strings.Join(p.log(director), "\n"))
		}
	}
}

// document is what the tests read of a director's status.
type document struct {
	VRRPInstances []instance `json:"vrrp_instances"`
}

type instance struct {
	Name        string `json:"name"`
	State       string `json:"state"`
	Transitions int    `json:"transitions"`
	Sent        int    `json:"adverts_sent"`
	Discarded   int    `json:"adverts_discarded"`
}

// status is as old as a second.
func (p *pair) status(t *testing.T, director string) (d document) {
	t.Helper()
	time.Sleep(time.Second)
	out, err := exec.Command(p.hald, "status", "-o", "json", "--runtime-dir", filepath.Join(p.folder, director)).Output()
	if err == nil {
		err = json.Unmarshal(out, &d)
	}
	if err != nil {
		t.Fatalf("status of %s: %v: %s", director, err, out)
	}
	return d
}

// election is the process of a director that elects.
func (p *pair) election(t *testing.T, director string) int {
	t.Helper()
	for _, pid := range usage(p.daemons[director].Process.Pid).pids {
		if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(line), "election") {
			return pid
		}
	}
	t.Fatalf("%s has no election process", director)
	return 0
}

// wire puts frames on one end of the cable, as if from outside: nobody at that end
// hears them.
type wire struct{ fd, index int }

func openWire(t *testing.T, namespace string) (w wire) {
	t.Helper()
	opened := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with us
		opened <- func() error {
			space, err := os.Open("/run/netns/" + namespace)
			if err != nil {
				return err
			}
			defer space.Close()
			if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
				return err
			}
			link, err := net.InterfaceByName("eth0")
			if err != nil {
				return err
			}
			w.index = link.Index
			if w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
				return err
			}
			return unix.SetsockoptInt(w.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1)
		}()
	}()
	if err := <-opened; err != nil {
		t.Fatalf("open a wire in %s: %v", namespace, err)
	}
	t.Cleanup(func() { unix.Close(w.fd) })
	return w
}

func (w wire) send(t *testing.T, frame []byte) {
	t.Helper()
	for {
		switch err := unix.Sendto(w.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: w.index}); err {
		case nil:
			return
		case unix.EAGAIN, unix.ENOBUFS: // the other end is full
			time.Sleep(time.Millisecond)
		default:
			t.Fatalf("send %d bytes: %v", len(frame), err)
		}
	}
}
