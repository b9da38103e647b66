//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// stub is a library that stands before the C library's.
//
//go:embed ipvs.c.txt
var stub []byte

// bench runs one daemon at a time.
type bench struct {
	folder, space string
	window        time.Duration
}

// figures are one measurement.
type figures struct {
	cpu  float64 // ms per 1,000 checks
	rate float64 // checks a second
	pss  float64 // MiB, of all processes of the daemon
	own  float64 // MiB, of the one that checks
	p99  float64 // ms later than an interval after the last check of the server
	most float64
	lost float64 // connections that the kernel had to begin again, a second late: lateness that no daemon has made
}

// prepare builds what is run and makes the namespace.
func (b *bench) prepare() error {
	source := filepath.Join(b.folder, "ipvs.c")
	if err := os.WriteFile(source, stub, 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"env", "CGO_ENABLED=0", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.path("hald"), "./cmd/hald"}, // as packages have it
		{"cc", "-shared", "-fPIC", "-O2", "-o", b.path("ipvs.so"), source, "-ldl"},
		{"ip", "netns", "add", b.space},
		{"ip", "-n", b.space, "link", "set", "lo", "up"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.folder, name) }

// run measures one window of one daemon.
func (b *bench) run(c cell, w *witness) (f figures, err error) {
	command, err := b.command(c)
	if err != nil {
		return f, err
	}
	log, err := os.Create(b.path("log"))
	if err != nil {
		return f, err
	}
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	w.begin(c.kind == "http")
	if err := command.Start(); err != nil {
		return f, err
	}
	defer func() {
		command.Process.Signal(syscall.SIGTERM)
		command.Wait()
	}()
	begun := w.await(c.servers, patience)
	time.Sleep(settle)
	w.begin(c.kind == "http")
	again := retried(command.Process.Pid)
	before, start := spent(command.Process.Pid), time.Now()
	time.Sleep(b.window)
	cost, took := spent(command.Process.Pid)-before, time.Since(start)
	checks, servers, late := w.seen()
	if begun != c.servers || len(late) == 0 { // one that falls behind later has a lower rate
		text, _ := os.ReadFile(log.Name())
		return f, fmt.Errorf("%d servers were checked, %d times; it said:\n%.2000s", servers, checks, text)
	}
	return figures{
		cpu:  cost.Seconds() * 1e6 / float64(checks),
		rate: float64(checks) / took.Seconds(),
		pss:  float64(memory(family(command.Process.Pid)...)) / (1 << 20),
		own:  float64(memory(checking(command.Process.Pid))) / (1 << 20),
		lost: float64(retried(command.Process.Pid) - again),
		p99:  late[len(late)*99/100].Seconds() * 1000,
		most: late[len(late)-1].Seconds() * 1000,
	}, nil
}

// command is a daemon with its configuration.
func (b *bench) command(c cell) (*exec.Cmd, error) {
	if c.daemon == "hald" {
		return b.trial("hald.hcl", haldText(c))
	}
	path := b.path(c.daemon + ".conf")
	return b.inside("env", "LD_PRELOAD="+b.path("ipvs.so"), "keepalived", "-n", "-l", "-G", "-C", "-f", path,
		"-p", b.path("keepalived.pid"), "-c", b.path("checkers.pid")), os.WriteFile(path, []byte(keepalivedText(c)), 0o600)
}

// trial is hald in shadow mode, as the only director of a configuration.
func (b *bench) trial(name, text string) (*exec.Cmd, error) {
	path := b.path(name)
	return b.inside(b.path("hald"), "run", "--dry-run", "-c", path, "--director", "one", "--runtime-dir", b.folder), os.WriteFile(path, []byte(text), 0o600)
}

// inside is a command in the namespace.
func (b *bench) inside(args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", b.space}, args...)...)
}

// server is the address of the i-th.
func server(i int) string { return fmt.Sprintf("127.1.%d.%d", i/250, i%250+1) }

func haldText(c cell) string {
	var text strings.Builder
	fmt.Fprintf(&text, `cluster "bench" {
  director "one" {}
}
virtual_server "web" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "nat"
  check %q {
    interval = "2s"
    timeout  = "2s"
  }
`, c.kind)
	for i := range c.servers {
		fmt.Fprintf(&text, "  real_server \"s%d\" { address = \"%s:%d\" }\n", i, server(i), port)
	}
	return text.String() + "}\n"
}

func keepalivedText(c cell) string {
	check := "TCP_CHECK {\n connect_timeout 2\n retry 0\n }"
	if c.kind == "http" {
		check = "HTTP_GET {\n url {\n path /\n status_code 200\n }\n connect_timeout 2\n retry 0\n }"
	}
	var text strings.Builder
	text.WriteString("virtual_server 10.99.0.100 80 {\n delay_loop 2\n lb_algo wlc\n lb_kind NAT\n protocol TCP\n")
	for i := range c.servers {
		fmt.Fprintf(&text, " real_server %s %d {\n weight 1\n %s\n }\n", server(i), port, check)
	}
	return text.String() + "}\n"
}
