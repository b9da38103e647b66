//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// scenario is one case: a pair of one kind of daemon, watched for a while.
type scenario struct {
	daemon    daemon
	instances int
	interval  time.Duration
	during    time.Duration
	loaded    bool

	// meanwhile is what happens while it is watched, instead of the time, to the links
	// and the master, a process; nil: nothing. What it uses then is not told.
	meanwhile func(l link, master int) error
}

func (c scenario) String() string {
	load := "idle"
	if c.loaded {
		load = fmt.Sprintf("%d busy loops per core", hogsPerCore)
	}
	return fmt.Sprintf("%s, %d virtual routers every %v, %s", c.daemon.name(), c.instances, c.interval, load)
}

// startUp is how long a pair may take until every virtual router has a master and
// the announcements of the takeovers are over, the last of which are five seconds
// later with either daemon.
func (c scenario) startUp() time.Duration { return 4*c.interval + 8*time.Second }

// witnessDelay is longer than the kernel keeps packets for tcpdump before it hands
// them over (a second, packet_mmap's block timeout); it takes no others than those.
const witnessDelay = 1500 * time.Millisecond

// run plays the case and returns what was seen.
func (c scenario) run(folder string) (seen observation, err error) {
	links, err := connect(directors)
	if err != nil {
		return seen, err
	}
	defer links.remove()
	var running []*exec.Cmd
	defer func() { err = errors.Join(err, stop(running)) }()
	start := func(director string, command []string, log string) error {
		cmd, err := links.start(director, command, filepath.Join(folder, log))
		if err == nil {
			running = append(running, cmd)
		}
		return err
	}
	capture := filepath.Join(folder, "capture")
	// The witnesses come first: the kernel takes long to give them their memory, and
	// everybody waits.
	for _, cable := range cables {
		witness := []string{"tcpdump", "-i", cable, "-n", "-s", "64", "-B", "16384", "-w", capture + cable, "ip proto 112 or arp"}
		if err := start(directors[1], witness, "tcpdump.log"); err != nil {
			return seen, err
		}
	}
	for _, director := range directors {
		own := filepath.Join(folder, director)
		if err := os.MkdirAll(own, 0o755); err != nil {
			return seen, err
		}
		file := filepath.Join(own, "rhythm.hcl")
		if err := os.WriteFile(file, []byte(c.daemon.config(director, c.instances, c.interval)), 0o644); err != nil {
			return seen, err
		}
		if err := start(director, c.daemon.command(director, file), director+".log"); err != nil {
			return seen, err
		}
	}
	time.Sleep(c.startUp())

	if c.loaded {
		for range hogsPerCore * runtime.NumCPU() {
			if err := start(directors[0], []string{"sh", "-c", "while :; do :; done"}, "hog.log"); err != nil {
				return seen, err
			}
		}
	}
	time.Sleep(time.Second)
	master, begin := running[len(cables)].Process.Pid, time.Now()
	before := usage(master)
	if c.meanwhile == nil {
		time.Sleep(c.during)
	} else if err := c.meanwhile(links, master); err != nil {
		return seen, err
	}
	after := usage(master)
	end := time.Now()
	time.Sleep(witnessDelay)
	witnesses := running[:len(cables)]
	running = running[len(cables):]
	if err := stop(witnesses); err != nil {
		return seen, err
	}
	for i, cable := range cables {
		on, err := readCapture(capture+cable, rightful(i), begin, end)
		if err != nil {
			return seen, err
		}
		seen.gaps = append(seen.gaps, on.gaps...)
		seen.takeovers = append(seen.takeovers, on.takeovers...)
		seen.silences = append(seen.silences, on.silences...)
		seen.announced += on.announced
	}
	slices.Sort(seen.gaps)
	if len(seen.gaps) == 0 {
		return seen, errors.New("no advertisement was captured")
	}
	if c.meanwhile != nil {
		return seen, nil
	}
	seen.endLate(c.interval)
	seen.cpu, seen.whole = after.since(before)
	seen.memory = after.memory
	return seen, nil
}

// stop ends what was started, the last first, and waits for it.
func stop(commands []*exec.Cmd) error {
	for i := len(commands) - 1; i >= 0; i-- {
		commands[i].Process.Signal(syscall.SIGTERM)
	}
	for _, cmd := range commands {
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			cmd.Process.Kill()
			<-ended
			return fmt.Errorf("%s did not end by itself", cmd.Path)
		}
	}
	return nil
}
