//go:build linux

// Package guest puts a program on a kernel that has IPVS: the one it runs on,
// if that will do, or else Debian's user-mode-linux, a kernel that runs as a
// process. There the host's own tree is the read-only root file system, and the
// program is started again with the same arguments, directory and environment;
// its output and exit status are passed out as if it had run here.
//
// It owns the guest's life: it ends with the process that booted it, however
// that process ends. It never skips: without either kernel the program fails
// and says how to get one.
package guest

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/term"
)

// Environment of a program that has entered.
const (
	envInit   = "HALD_GUEST_BOOT"   // set for pid 1 of the guest: path of the boot order
	envInside = "HALD_GUEST_INSIDE" // "here" or "uml" once inside
	envScreen = "HALD_GUEST_SCREEN" // set if the output outside is a terminal

	// EnvOut names the folder of Out. Set before entering, it names a folder to
	// be kept; otherwise a temporary one is made and removed.
	EnvOut = "HALD_OUT"
)

// Guest is what the program needs of the kernel, and what it does beforehand.
type Guest struct {
	// Modules are kernel modules to be loaded, ip_vs always among them. A
	// kernel that lacks one of them will not do. Others load on demand.
	Modules []string

	// Prepare runs once, outside, before the kernel is entered: the place to
	// build what the inside cannot, because its root is read-only. What it
	// writes into out is visible inside under the same path. Nil: nothing.
	Prepare func(out string) error

	// Writable are host folders the program may write, besides Out.
	Writable []string

	tests bool // the program is a test, which several guests may share
}

// Main is the body of a TestMain whose tests need IPVS. It does not return.
func Main(m *testing.M, modules ...string) { Guest{Modules: modules}.Main(m) }

// Main is Main for a guest with more wishes. It does not return.
func (g Guest) Main(m *testing.M) {
	g.tests = true
	g.Enter()
	Exit(m.Run())
}

// Enter returns on a kernel with IPVS, as root, with Out set. Where the running
// kernel will not do, the call boots a guest and never returns outside: it ends
// the process with the status of the program inside.
func (g Guest) Enter() {
	if order := os.Getenv(envInit); order != "" && os.Getpid() == 1 {
		runInit(order)
	}
	if os.Getenv(envInside) != "" {
		return
	}
	if err := g.enter(); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

// Out is a folder on the host, writable inside under the same path: the place
// for what must outlive the guest (recordings, captures, logs).
func Out() string { return os.Getenv(EnvOut) }

// Simulated tells whether this is the user-mode kernel, where a system call
// costs a hundred times what it costs elsewhere.
func Simulated() bool { return os.Getenv(envInside) == "uml" }

// Terminal tells whether the standard output ends at a terminal, also where a
// guest lies between.
func Terminal() bool { return os.Getenv(envScreen) != "" }

func (g Guest) enter() error {
	if term.IsTerminal(int(os.Stdout.Fd())) {
		os.Setenv(envScreen, "1")
	}
	modules := append([]string{"ip_vs"}, g.Modules...)
	here := usable(modules)
	if here != nil {
		if err := umlInstalled(); err != nil {
			return fmt.Errorf("this kernel will not do (%w), and neither will another: %w", here, err)
		}
	}
	out, temporary, err := makeOut()
	if err != nil {
		return err
	}
	if g.Prepare != nil {
		if err := g.Prepare(out); err != nil {
			if temporary {
				os.RemoveAll(out)
			}
			return fmt.Errorf("prepare: %w", err)
		}
	}
	if here == nil {
		return enterHere(out, temporary)
	}
	directory, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working directory: %w", err)
	}
	orders := []order{{Directory: directory, Runs: [][]string{os.Args}, Env: os.Environ(), Modules: modules, Out: out, Writable: g.Writable}}
	if g.tests {
		if orders, err = share(orders[0]); err != nil {
			return err
		}
	}
	status, err := bootAll(orders)
	if temporary {
		os.RemoveAll(out)
	}
	if err != nil {
		return err
	}
	os.Exit(status)
	return nil
}

// makeOut makes the folder of Out, temporary unless the environment names one.
func makeOut() (dir string, temporary bool, err error) {
	if dir = os.Getenv(EnvOut); dir == "" {
		dir, err = os.MkdirTemp("", "hald-guest-")
		return dir, true, err
	}
	return dir, false, os.MkdirAll(dir, 0o755)
}

const envTemporary = "HALD_GUEST_TEMPORARY"

// enterHere marks this process as inside, on the running kernel.
func enterHere(out string, temporary bool) error {
	os.Setenv(envInside, "here")
	os.Setenv(EnvOut, out)
	if temporary {
		os.Setenv(envTemporary, out)
	}
	return nil
}

// Exit ends a program that has entered, removing what Enter made.
func Exit(status int) {
	if out := os.Getenv(envTemporary); out != "" {
		os.RemoveAll(out)
	}
	os.Exit(status)
}
