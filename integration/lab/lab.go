//go:build linux

// Package lab is a small data centre in network namespaces: a client, a bridge,
// two directors and three real servers, with the means to break each of them
// and the instruments to see what the client saw, who held the address and what
// was on the wire. A scenario is a few lines of Go.
//
// The directors under test are processes, told from each other only by the
// Director interface: the hald binary, or keepalived. The package imports none
// of hald's rooms and believes no daemon's word about itself.
//
// Its methods fail the test when the lab itself cannot do what is asked; what
// the subject did is in the values they return. It needs root and a kernel with
// ip_vs: see package guest.
package lab

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/integration/guest"
)

// Modules are the kernel modules the lab is made of, to be given to package
// guest. Others, such as the schedulers, load when they are first used.
var Modules = []string{"ip_vs_rr", "veth", "bridge", "bonding", "ipip", "nf_tables", "nft_numgen", "nlmon"}

// T is what the lab needs of a test: testing.TB has it, and a program can.
type T interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	Failed() bool
}

// Lab is one running topology.
type Lab struct {
	t      T
	folder string // configuration, logs and captures

	realServers string // the configuration that the real servers find themselves in
	bridge      *namespace
	client      *namespace
	directors   map[string]*namespace
	servers     map[string]*WebServer
	processes   []*Process
	injector    *os.File // of Inject; nil before its first use
}

var labs atomic.Int64 // numbers the folders

// New builds the topology and starts the real servers. It is taken down when
// the test ends, however it ends; a failed test then shows the daemons' logs.
func New(t T) *Lab {
	t.Helper()
	l := &Lab{
		t:         t,
		folder:    filepath.Join(guest.Out(), folderName(t.Name(), labs.Add(1))),
		directors: map[string]*namespace{},
		servers:   map[string]*WebServer{},
	}
	if err := os.MkdirAll(l.folder, 0o755); err != nil {
		t.Fatalf("make the lab's folder: %v", err)
	}
	l.realServers = l.WriteFile("realservers.hcl", Cluster{Services: append([]Service{Mixed}, EachMethod...)}.hald())
	if err := l.build(); err != nil {
		t.Fatalf("build the lab: %v", err)
	}
	t.Cleanup(l.end) // before the namespaces go
	for _, rs := range RealServers {
		l.servers[rs.Name].Start()
	}
	for _, rs := range RealServers {
		l.servers[rs.Name].awaitReady()
	}
	return l
}

// Server is the real server of that name.
func (l *Lab) Server(name string) *WebServer {
	l.t.Helper()
	s, ok := l.servers[name]
	if !ok {
		l.t.Fatalf("the lab has no real server %q", name)
	}
	return s
}

// Folder is where this lab's files lie; with guest.EnvOut set they are kept.
func (l *Lab) Folder() string { return l.folder }

// end kills every process and shows the logs of a failed test.
func (l *Lab) end() {
	for _, p := range l.processes {
		p.Kill()
	}
	if !l.t.Failed() {
		return
	}
	for _, p := range l.processes {
		if lines := p.Lines(); len(lines) > 0 {
			l.t.Logf("---- %s\n%s", p.Name, strings.Join(tail(lines, 150), "\n"))
		}
	}
}

// Eventually waits until the condition holds, or fails the test. It looks every 10 ms;
// what costs more than that to look at, such as the answer of a process, leaves
// twice as long to the others in the guest.
func (l *Lab) Eventually(within time.Duration, what string, condition func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(within); ; {
		looked := time.Now()
		if condition() {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(max(10*time.Millisecond, 2*time.Since(looked)))
	}
}
