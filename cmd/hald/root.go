package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hald-project/hald/director"
)

// app is what the commands share: the global flags and where output goes.
type app struct {
	config     string
	director   string
	runtimeDir string
	stateDir   string
	socket     string
	logLevel   string
	logFormat  string
	noColor    bool

	out, err io.Writer
}

// exit is an error that decides the exit code of the program.
type exit struct {
	code int
	err  error // nil: everything was said already
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// The exit codes that all commands share. Any error that is not an exit comes
// from the command line and is a usage error.
const (
	codeFailed = 1
	codeUsage  = 2
)

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, out, errOut io.Writer) int {
	root := rootFor(&app{out: out, err: errOut}, args)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	var e *exit
	if !errors.As(err, &e) {
		fmt.Fprintf(errOut, "hald: %v\nSee '%s --help'.\n", err, command.CommandPath())
		return codeUsage
	}
	if e.err != nil {
		fmt.Fprintf(errOut, "hald: %v\n", e.err)
	}
	return e.code
}

// newRoot builds the tree of commands.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "hald",
		Short:         "Failover and load balancing for Linux directors",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&a.config, "config", "c", environment("HALD_CONFIG", "/etc/hald"), "configuration file or folder ($HALD_CONFIG)")
	flags.StringVar(&a.director, "director", environment("HALD_DIRECTOR", ""), "this director's name ($HALD_DIRECTOR; default the host name)")
	flags.StringVar(&a.runtimeDir, "runtime-dir", environment("HALD_RUNTIME_DIR", "/run/hald"), "folder for socket, lock and ownership record ($HALD_RUNTIME_DIR)")
	flags.StringVar(&a.stateDir, "state-dir", environment("HALD_STATE_DIR", "/var/lib/hald"), "folder for what survives a reboot ($HALD_STATE_DIR)")
	flags.StringVar(&a.socket, "socket", "", "admin socket of the daemon (default hald.sock in the runtime folder)")
	flags.StringVar(&a.logLevel, "log-level", "", "debug, info, warn or error (default from the configuration)")
	flags.StringVar(&a.logFormat, "log-format", "", "json or console (default from the configuration)")
	flags.BoolVar(&a.noColor, "no-color", false, "no colours ($NO_COLOR)")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if err := oneOf("--log-level", a.logLevel, append([]string{""}, director.LogLevels...)...); err != nil {
			return err
		}
		return oneOf("--log-format", a.logFormat, "", "json", "console")
	}
	root.AddCommand(a.run(), a.check(), a.format(), a.plan(), a.reload(), a.status(), a.events(), a.maintenance(),
		a.completing(a.handover(), otherInstances), a.completing(a.takeback(), otherInstances),
		a.completing(a.drain(), serviceThenServer), a.completing(a.enable(), serviceThenServer), a.completing(a.weight(), serviceThenServer),
		a.logLevelOrder(), a.doctor(), a.cleanup(), a.scan(), a.simulate(), a.realserver(), a.convert(),
		a.version(), a.worker())
	return root
}

// rootFor is the tree, or of it what a process of the daemon's own needs: it begins anew whenever it died.
func rootFor(a *app, args []string) *cobra.Command {
	if len(args) == 0 || args[0] != a.worker().Name() {
		return newRoot(a)
	}
	root := &cobra.Command{Use: "hald", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(a.worker())
	return root
}

// environment is a variable's value, or the fallback if it is unset or empty.
func environment(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// oneOf refuses a flag's value that is none of the known ones.
func oneOf(flag, value string, known ...string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return fmt.Errorf("%s %q is unknown: use %s", flag, value, strings.Join(slices.DeleteFunc(known, isEmpty), ", "))
}

func isEmpty(s string) bool { return s == "" }

// adminSocket is the path where client commands find the daemon.
func (a *app) adminSocket() string {
	if a.socket != "" {
		return a.socket
	}
	return filepath.Join(a.runtimeDir, "hald.sock")
}

// colour says whether escape sequences are welcome on w.
func (a *app) colour(w io.Writer) bool {
	return !a.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && terminal(w)
}

func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// width is the number of columns to wrap at; 0 if w is no terminal.
func width(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil {
			return columns
		}
	}
	return 0
}
