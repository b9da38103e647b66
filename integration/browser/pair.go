//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

var directors = []string{"lb1", "lb2"}

var addresses = map[string]string{"lb1": "192.0.2.11", "lb2": "192.0.2.12"}

const port = "7112"

const configuration = `cluster "shop" {
  director "lb1" { address = "192.0.2.11" }
  director "lb2" { address = "192.0.2.12" }
}
admin {
  http = "${director.address}:7112"
  peer = { lb1 = "192.0.2.12:7112", lb2 = "192.0.2.11:7112" }
}
vrrp_instance "shop" {
  interface              = "eth0"
  virtual_router_id      = 51
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "200ms"
  virtual_addresses      = ["192.0.2.100/24"]
}
`

// pair is two directors, each in a network namespace, with a cable between them.
type pair struct {
	hald, folder string
	running      map[string]*exec.Cmd
}

func newPair(ctx context.Context, folder string) (*pair, error) {
	p := &pair{hald: filepath.Join(folder, "hald"), folder: folder, running: map[string]*exec.Cmd{}}
	if err := call(exec.CommandContext(ctx, "go", "build", "-o", p.hald, "github.com/hald-project/hald/cmd/hald")); err != nil {
		return nil, err
	}
	a, b := namespace("lb1"), namespace("lb2")
	commands := []string{"netns add " + a, "netns add " + b, "-n " + a + " link add eth0 type veth peer name eth0 netns " + b}
	for _, name := range directors {
		in := "-n " + namespace(name)
		commands = append(commands, in+" link set lo up", in+" address add "+addresses[name]+"/24 dev eth0", in+" link set eth0 up")
	}
	for _, command := range commands {
		if err := call(exec.CommandContext(ctx, "ip", strings.Fields(command)...)); err != nil {
			p.remove()
			return nil, err
		}
	}
	return p, os.WriteFile(p.config(), []byte(configuration), 0o644)
}

func namespace(director string) string { return fmt.Sprintf("browser-%d-%s", os.Getpid(), director) }

func (p *pair) config() string { return filepath.Join(p.folder, "shop.hcl") }

// inside is what a command on a director's machine begins with.
func (p *pair) inside(director string) []string {
	return []string{"ip", "netns", "exec", namespace(director)}
}

// command is a hald command of a director.
func (p *pair) command(director string, args ...string) *exec.Cmd {
	own := filepath.Join(p.folder, director)
	all := append(p.inside(director), p.hald)
	all = append(append(all, args...), "-c", p.config(), "--director", director, "--runtime-dir", own, "--state-dir", own)
	return exec.Command(all[0], all[1:]...)
}

// start starts a director.
func (p *pair) start(director string) error {
	if err := os.MkdirAll(filepath.Join(p.folder, director), 0o755); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(p.folder, director, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	c := p.command(director, "run")
	c.Stdout, c.Stderr = log, log
	p.running[director] = c
	return c.Start()
}

// stop has a director leave in good order, at most a while.
func (p *pair) stop(director string) {
	c := p.running[director]
	if c == nil {
		return
	}
	delete(p.running, director)
	_ = c.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() })
	defer kill.Stop()
	_ = c.Wait()
}

func (p *pair) remove() {
	for _, name := range directors {
		p.stop(name)
		_ = call(exec.Command("ip", "netns", "delete", namespace(name)))
	}
}

// call runs a command; its error has what it said.
func call(c *exec.Cmd) error {
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, out)
	}
	return nil
}
