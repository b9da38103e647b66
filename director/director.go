// Package director is one director's life: it starts the election and the
// balancer, keeps them alive, stamps and hands on what they report, answers
// on the admin socket, and stops everything in order. It never touches the
// network or the kernel's tables itself, except by the clean-up it is given
// for the case that the election dies.
package director

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// eventsKept is how many events stay in memory.
const eventsKept = 1000

// slack is what stopping may take beyond what the protocol takes.
const slack = 2 * time.Second

// ErrKilled is returned by Run when it was told not to wait for good order.
var ErrKilled = errors.New("stopped at once, without leaving in good order")

// Director is what one life of the daemon is made of.
type Director struct {
	Config     *config.Config
	DryRun     bool   // the workers are shadows, and every event says so
	RuntimeDir string // lock, admin socket and ownership record are in it
	StateDir   string // what survives a reboot is in it
	Version    string

	Election Start // starts the election process
	Balancer Start // starts the balancer process
	// Cleanup releases what a dead election process left behind and tells the
	// peers, for the instances in wasMaster. Run calls it before it starts the
	// next one.
	Cleanup func(ctx context.Context, c election.Config, wasMaster []string) error
	// Load reads the configuration anew, for a reload. It may take its time.
	Load func() (*config.Config, config.Diagnostics)
	// Ready tells why this machine cannot do what a configuration asks of it. It is asked
	// before the first virtual servers come by a reload; nil: nobody is.
	Ready func(*config.Config) error
	// Path is where Load reads it.
	Path string
	// Hangup asks for a reload, whatever it interrupts (SIGHUP).
	Hangup <-chan os.Signal
	// Recite asks for the state in the log (SIGUSR1).
	Recite <-chan os.Signal
	// Log takes every event. It must not block.
	Log func(event.Event)
	// LogLevel is that of the log at the start, one of LogLevels.
	LogLevel string
	// LogLevelGiven has a reload leave the level alone: the command line has it.
	LogLevelGiven bool
	// Relevel gives the log another level.
	Relevel func(level string)
	// Notify tells the service manager "READY=1", "RELOADING=1", "STOPPING=1", and
	// "WATCHDOG=1" with every report of the election, about one a second, and
	// "STATUS=" with who is what when that has changed.
	Notify func(state string)
}

// Record is the path of the ownership record in a runtime directory.
func Record(runtimeDir string) string {
	return filepath.Join(runtimeDir, "services.json")
}

// record is where this life's services are recorded: nowhere if it has none.
func (d *Director) record() string {
	if d.DryRun {
		return ""
	}
	return Record(d.RuntimeDir)
}

// found is where the servers last found under names are kept: nowhere in a trial.
func (d *Director) found() string {
	if d.DryRun {
		return ""
	}
	return filepath.Join(d.StateDir, "found.json")
}

// Socket is the path of the admin socket: the configured one, or hald.sock in
// the runtime directory.
func Socket(runtimeDir string, c config.Admin) string {
	if c.Socket != "" {
		return c.Socket
	}
	return filepath.Join(runtimeDir, "hald.sock")
}

// Run lives until stop is closed, then stops the election, then the balancer,
// each in good order and within a bound. When ctx ends it kills both instead
// and returns ErrKilled. An error that wraps ErrRunning means that nothing was
// started because another daemon holds the runtime directory.
func (d *Director) Run(ctx context.Context, stop <-chan struct{}) error {
	unlock, err := Lock(d.RuntimeDir)
	if err != nil {
		return err
	}
	defer unlock()
	socket, err := admin.Listen(Socket(d.RuntimeDir, d.Config.Admin), d.Config.Admin.SocketGroup,
		fs.FileMode(d.Config.Admin.SocketMode))
	if err != nil {
		return err
	}
	l := newLife(d)
	door := &admin.Server{Socket: socket, Status: l.ask, Events: l.ring.After, Orders: l.orderly(), Config: l.inForce, Reload: l.reloadOrder}
	serving, leave := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- door.Run(serving) }()

	paged := make(chan struct{})
	go func() {
		defer close(paged)
		l.page.Run(serving)
	}()

	asked := make(chan struct{})
	go func() {
		defer close(asked)
		l.peerWatch.run(serving, func(h heardPeer) { l.say(message{peer: &h}) })
	}()

	go l.hangUps(serving)
	go l.recites(serving)
	l.run(ctx, stop)

	leave()
	err = <-served
	<-paged
	<-asked
	if ctx.Err() != nil {
		err = errors.Join(ErrKilled, err)
	}
	return err
}
