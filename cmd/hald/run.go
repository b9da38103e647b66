package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/ipvsctl"
)

// lastResort ends a daemon that was told to end at once and cannot.
const lastResort = time.Second

func (a *app) run() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the daemon in the foreground",
		Long: "Run the daemon in the foreground. It logs to standard error.\n" +
			"TERM or INT stops it in good order, a second one at once.\n" +
			"Exit codes: 0 clean stop, 1 fatal, 2 usage or configuration.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.loadValid(config.Load, codeUsage)
			if err != nil {
				return err
			}
			if err := ready(c); err != nil {
				return &exit{codeFailed, err}
			}
			return a.live(command.Context(), c)
		},
	}
}

// ready refuses to start what could never work.
func ready(c *config.Config) error {
	if err := capable(); err != nil {
		return err
	}
	if len(c.Services) == 0 {
		return nil
	}
	table, err := ipvsctl.Open()
	if err != nil {
		return fmt.Errorf("virtual servers are configured: %w", err)
	}
	return table.Close()
}

// live is the daemon's life from here to its end.
func (a *app) live(ctx context.Context, c *config.Config) error {
	sink := a.sink(c.Log)
	logging, endLogging := context.WithCancel(context.WithoutCancel(ctx))
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		sink.Run(logging)
	}()

	ctx, stop, release := signals(ctx)
	defer release()
	d := &director.Director{
		Config:     c,
		RuntimeDir: a.runtimeDir,
		StateDir:   a.stateDir,
		Version:    buildVersion(),
		Election:   director.Process(a.runtimeDir, director.RoleElection),
		Balancer:   director.Process(a.runtimeDir, director.RoleBalancer),
		Cleanup:    election.Cleanup,
		Log:        sink.Emit,
		Notify:     func(state string) { daemon.SdNotify(false, state) },
	}
	err := d.Run(ctx, stop)
	endLogging()
	<-logged
	if errors.Is(err, director.ErrKilled) {
		return &exit{code: codeFailed} // its last event said so
	}
	if err != nil {
		return &exit{codeFailed, err}
	}
	return nil
}

// sink is the log as flags and configuration want it.
func (a *app) sink(c config.Log) *event.Sink {
	if a.logLevel != "" {
		c.Level = a.logLevel
	}
	if a.logFormat != "" {
		c.Format = a.logFormat
	}
	if c.Format == "" {
		c.Format = "json"
		if terminal(a.err) {
			c.Format = "console"
		}
	}
	level, err := zap.ParseAtomicLevel(c.Level)
	if err != nil {
		panic(fmt.Sprintf("the configuration was checked and has log level %q", c.Level))
	}
	return event.NewSink(a.err, c.Format, a.colour(a.err), level)
}

// signals closes stop on the first TERM or INT, and ends the context on the
// second. HUP and USR1 must not kill a director, nor must a log reader that
// went away (PIPE).
func signals(parent context.Context) (ctx context.Context, stop <-chan struct{}, release func()) {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP, syscall.SIGUSR1)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, syscall.SIGTERM, syscall.SIGINT)
	ctx, cancel := context.WithCancel(parent)
	stopping := make(chan struct{})
	go func() {
		select {
		case <-caught:
			close(stopping)
		case <-ctx.Done():
			return
		}
		select {
		case <-caught:
			time.AfterFunc(lastResort, func() { os.Exit(codeFailed) })
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, stopping, func() { signal.Stop(caught); cancel() }
}
