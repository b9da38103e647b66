package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	scratch       = "/run/tmp" // TMPDIR inside
	home          = "/run/home"
	moduleRoot    = "/run/modules" // a root for modprobe: the tree as lib/modules
	loader        = "/run/modprobe"
	searchPath    = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	outputLinger  = 2 * time.Second // daemons may hold the program's output open
	statusUnknown = 125
)

// runInit is the life of pid 1: make the guest habitable, run the program, reap
// what dies, leave the status, halt. What fails before the program runs is told
// on the console, which the host shows.
func runInit(path string) {
	o, err := readOrder(path)
	if err == nil {
		err = settle(o)
	}
	status := statusUnknown
	if err == nil {
		status, err = runAll(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
	} else if err := os.WriteFile(filepath.Join(o.Out, fileStatus), []byte(strconv.Itoa(status)), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "guest: leave the exit status:", err)
	}
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {} // pid 1 must not return while the kernel goes down
}

func readOrder(path string) (o order, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return o, fmt.Errorf("read the boot order: %w", err)
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("read the boot order: %w", err)
	}
	return o, nil
}

// settle mounts what a program expects and loads the modules. It goes to the
// working directory first: that stays reachable even if a mount hides it.
func settle(o order) error {
	if err := os.Chdir(o.Directory); err != nil {
		return fmt.Errorf("go to the working directory: %w", err)
	}
	for _, m := range []struct{ kind, where, data string }{
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"devtmpfs", "/dev", ""},
		{"tmpfs", "/run", "mode=755"},
	} {
		if err := unix.Mount("none", m.where, m.kind, 0, m.data); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", m.where, err)
		}
	}
	for dir, mode := range map[string]os.FileMode{
		scratch: os.ModeSticky | 0o777, home: 0o700, "/dev/shm": os.ModeSticky | 0o777, "/dev/pts": 0o755,
		moduleRoot + "/lib": 0o755,
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			return fmt.Errorf("open a folder: %w", err)
		}
	}
	if err := unix.Mount("none", "/dev/pts", "devpts", 0, ""); err != nil {
		return fmt.Errorf("mount /dev/pts: %w", err)
	}
	for _, dir := range append(o.Writable, o.Out) {
		if err := mountHost(dir); err != nil {
			return err
		}
	}
	if err := unix.Sethostname([]byte("guest")); err != nil {
		return fmt.Errorf("name the guest: %w", err)
	}
	os.Setenv("PATH", searchPath)
	return loadModules(o.Modules)
}

// mountHost makes one of the host's folders writable under its own path.
func mountHost(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("find %s: %w", dir, err)
	}
	if err := unix.Mount("none", dir, "hostfs", 0, dir); err != nil {
		return fmt.Errorf("mount %s: %w", dir, err)
	}
	return nil
}

// loadModules tells the kernel where the modules lie that it asks for by
// itself, and loads the wanted ones.
func loadModules(modules []string) error {
	if err := os.Symlink(moduleTree, moduleRoot+"/lib/modules"); err != nil {
		return fmt.Errorf("link the modules: %w", err)
	}
	modprobe, err := exec.LookPath("modprobe")
	if err != nil {
		return err
	}
	script := "#!/bin/sh\nexec " + modprobe + " -d " + moduleRoot + " \"$@\"\n"
	if err := os.WriteFile(loader, []byte(script), 0o755); err != nil {
		return fmt.Errorf("write the module loader: %w", err)
	}
	if err := os.WriteFile("/proc/sys/kernel/modprobe", []byte(loader), 0); err != nil {
		return fmt.Errorf("announce the module loader: %w", err)
	}
	out, err := exec.Command(loader, append([]string{"-a"}, modules...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("load %s: %w: %s", strings.Join(modules, " "), err, out)
	}
	return nil
}

// runAll runs the program as often as it is told, and returns the first status that
// is not 0.
func runAll(o order) (status int, err error) {
	stdout, waitStdout, err := outlet("/dev/ttyS0")
	if err != nil {
		return 0, err
	}
	stderr, waitStderr, err := outlet("/dev/ttyS1")
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(o.Out, fileReady), nil, 0o644); err != nil {
		return 0, fmt.Errorf("say that the guest is ready: %w", err)
	}
	for i, args := range o.Runs {
		if o.Pile != "" {
			// The host makes a folder once, whoever asks.
			if err := os.Mkdir(filepath.Join(o.Pile, strconv.Itoa(i)), 0o755); errors.Is(err, os.ErrExist) {
				continue
			} else if err != nil {
				return 0, fmt.Errorf("take a run: %w", err)
			}
		}
		ended, err := runProgram(o, args, stdout, stderr)
		if err != nil {
			return 0, err
		}
		if status == 0 {
			status = ended
		}
	}
	stdout.Close()
	stderr.Close()
	waitStdout()
	waitStderr()
	return status, nil
}

// runProgram starts the program and reaps every process until it ends. A
// program killed by a signal has the status a shell would give it.
func runProgram(o order, args []string, stdout, stderr *os.File) (status int, err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, fmt.Errorf("open the program's input: %w", err)
	}
	defer null.Close()
	env := append(slices.Clone(o.Env), envInside+"=uml", EnvOut+"="+o.Out,
		"PATH="+searchPath, "TMPDIR="+scratch, "HOME="+home)
	// By this name the program is found even where a mount hides its path.
	pid, err := syscall.ForkExec("/proc/self/exe", args, &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{null.Fd(), stdout.Fd(), stderr.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, fmt.Errorf("start the program: %w", err)
	}
	ended := reapUntil(pid)
	if ended.Signaled() {
		return 128 + int(ended.Signal()), nil
	}
	return ended.ExitStatus(), nil
}

// reapUntil collects dead processes until the one with this pid is among them.
func reapUntil(pid int) (status syscall.WaitStatus) {
	for {
		got, err := syscall.Wait4(-1, &status, 0, nil)
		if got == pid || err == syscall.ECHILD {
			return status
		}
	}
}

// outlet is a pipe whose content is copied to a serial line. The returned wait
// ends when all of it has left the guest.
func outlet(line string) (in *os.File, wait func(), err error) {
	tty, err := os.OpenFile(line, os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open an outlet: %w", err)
	}
	// A raw line: no newline is rewritten.
	if err := unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, &unix.Termios{
		Cflag: unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B38400,
	}); err != nil {
		return nil, nil, fmt.Errorf("make %s raw: %w", line, err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("open an outlet: %w", err)
	}
	done := make(chan struct{})
	go func() { io.Copy(tty, r); close(done) }()
	return w, func() {
		select {
		case <-done:
		case <-time.After(outputLinger):
		}
		const drain = 1 // tcdrain(3)
		unix.IoctlSetInt(int(tty.Fd()), unix.TCSBRK, drain)
	}, nil
}
