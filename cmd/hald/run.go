package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/thrift"
)

// lastResort ends a daemon that was told to end at once and cannot.
const lastResort = time.Second

func (a *app) run() *cobra.Command {
	dry := false
	command := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon in the foreground",
		Long: "Run the daemon in the foreground. It logs to standard error.\n" +
			"TERM or INT stops it in good order, a second one at once; HUP reloads, whatever that\n" +
			"interrupts; USR1 writes its state to the log.\n" +
			"Exit codes: 0 clean stop, 1 fatal, 2 usage or configuration.\n\n" +
			"--dry-run tries a configuration beside whatever does the work: it hears the election and\n" +
			"runs every check, logs and shows what it would do, sends nothing but probes and changes\n" +
			"nothing in the kernel; the table it shows was empty when it began. Give it a --runtime-dir of its own where a daemon runs already.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			// A crash shall end by a signal. Go's exit status of one is 2, which tells the
			// service manager of a wrong configuration, and that is not started again.
			debug.SetTraceback("crash")
			thrift.Spend()
			var files config.Loader
			c, err := a.loadValid(files.Load, codeUsage)
			if err != nil {
				return err
			}
			if err := ready(c, dry); err != nil {
				return &exit{codeFailed, err}
			}
			return a.live(command.Context(), a.made(c, dry), &files)
		},
	}
	command.Flags().BoolVar(&dry, "dry-run", false, "try the configuration: send nothing but probes, change nothing")
	return command
}

// ready refuses to start what could never work.
func ready(c *config.Config, dry bool) error {
	if err := capable(); err != nil {
		return err
	}
	if len(c.Services) == 0 || dry {
		return nil
	}
	table, err := ipvsctl.Open()
	if err != nil {
		return fmt.Errorf("virtual servers are configured: %w", err)
	}
	return table.Close()
}

// made is the director of one life.
func (a *app) made(c *config.Config, dry bool) *director.Director {
	d := &director.Director{
		Config:     c,
		DryRun:     dry,
		RuntimeDir: a.runtimeDir,
		StateDir:   a.stateDir,
		Version:    buildVersion(),
		Cleanup:    election.Cleanup,
		Notify:     sdNotify,
	}
	var flags []string
	if dry {
		flags = append(flags, "--dry-run")
		d.StateDir, d.Config.Admin.Socket = a.runtimeDir, "" // those of the daemon beside it are not ours
		d.Cleanup = func(context.Context, election.Config, []string) error { return nil }
	}
	d.Election = director.Process(a.runtimeDir, director.RoleElection, flags...)
	d.Balancer = director.Process(a.runtimeDir, director.RoleBalancer, flags...)
	return d
}

// live is the daemon's life from here to its end. What it loads it reads like the files
// it began with.
func (a *app) live(ctx context.Context, d *director.Director, files *config.Loader) error {
	log := a.logging(d.Config.Log)
	sink, level := a.sink(log)
	d.LogLevel, d.LogLevelGiven = log.Level, a.logLevel != ""
	d.Relevel = func(name string) { relevel(level, name) }
	path, err := filepath.Abs(a.config)
	if err != nil {
		return &exit{codeFailed, err}
	}
	hangup, recite := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	signal.Notify(recite, syscall.SIGUSR1) // to the end: it would kill
	logging, endLogging := context.WithCancel(context.WithoutCancel(ctx))
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		sink.Run(logging)
	}()

	ctx, stop, release := signals(ctx)
	defer release()
	d.Log, d.Path, d.Hangup, d.Recite = sink.Emit, path, hangup, recite
	name, trial := d.Config.Director.Name, d.DryRun
	d.Ready = func(c *config.Config) error { return ready(c, trial) }
	d.Load = func() (*config.Config, config.Diagnostics) {
		c, diags := files.Load(path, name)
		if c != nil && trial {
			c.Admin.Socket = ""
		}
		return c, diags
	}
	err = d.Run(ctx, stop)
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

// logging is the log as flags and configuration want it.
func (a *app) logging(c config.Log) config.Log {
	c.Level = cmp.Or(a.logLevel, c.Level)
	c.Format = cmp.Or(a.logFormat, c.Format)
	if c.Format == "" {
		c.Format = "json"
		if terminal(a.err) {
			c.Format = "console"
		}
	}
	return c
}

// sink is the log, and its level.
func (a *app) sink(c config.Log) (*event.Sink, zap.AtomicLevel) {
	level := zap.NewAtomicLevel()
	relevel(level, c.Level)
	return event.NewSink(a.err, c.Format, a.colour(a.err), level), level
}

// relevel gives the log a level by its name.
func relevel(level zap.AtomicLevel, name string) {
	parsed, err := zapcore.ParseLevel(name)
	if err != nil {
		panic(fmt.Sprintf("flags, configuration and orders are checked, and there is log level %q", name))
	}
	level.SetLevel(parsed)
}

// signals closes stop on the first TERM or INT, and ends the context on the
// second. A log reader that went away (PIPE) must not kill a director; HUP is a
// reload, and USR1 has the state written to the log.
func signals(parent context.Context) (ctx context.Context, stop <-chan struct{}, release func()) {
	signal.Ignore(syscall.SIGPIPE)
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
