package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	kernel      = "linux.uml"
	moduleTree  = "/usr/lib/uml/modules"
	memory      = 2 << 30 // bytes; taken from the host only as it is touched
	bootTimeout = 90 * time.Second
	haltTimeout = 10 * time.Second
)

// order is what pid 1 of the guest is told to do, in boot.json of Out.
type order struct {
	Runs      [][]string // of the program, one after the other: its arguments, its name first
	Pile      string     // a folder that guests share, where each takes a run before it begins it; empty: all are its own
	Env       []string
	Directory string
	Modules   []string
	Out       string
	Writable  []string // host folders besides Out that the program may write
	Beside    bool     // the guest yields to others on its processor
}

// status and the like are files in Out by which the two sides talk.
const (
	fileOrder   = "boot.json"
	fileInit    = "init"
	fileReady   = "ready"
	fileStatus  = "status"
	fileConsole = "console.log"
)

// umlInstalled says what is missing of the user-mode kernel, or nil.
func umlInstalled() error {
	const cure = "apt-get install user-mode-linux kmod"
	if _, err := exec.LookPath(kernel); err != nil {
		return fmt.Errorf("%s is not installed: %s", kernel, cure)
	}
	if _, err := os.Stat(moduleTree); err != nil {
		return fmt.Errorf("%s has no modules in %s: %s", kernel, moduleTree, cure)
	}
	if _, err := exec.LookPath("modprobe"); err != nil {
		return fmt.Errorf("modprobe is not installed: %s", cure)
	}
	return nil
}

// boot runs the order in a guest, passes its output on and returns the program's
// exit status. The guest does not outlive this process: the kernel kills it with
// the thread that started it, which is therefore kept.
func boot(o order, stdout, stderr io.Writer) (status int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	for i, dir := range o.Writable {
		o.Writable[i] = absolute(o.Directory, dir)
	}
	o.Writable = append(o.Writable, outputFolders(o)...)
	if err := o.write(); err != nil {
		return 0, err
	}
	console, err := os.Create(filepath.Join(o.Out, fileConsole))
	if err != nil {
		return 0, fmt.Errorf("open the console log: %w", err)
	}
	defer console.Close()

	cmd := exec.Command(kernel,
		fmt.Sprintf("mem=%dM", memory>>20), "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
		"init="+filepath.Join(o.Out, fileInit), envInit+"="+filepath.Join(o.Out, fileOrder),
		// Kernel messages go to the first console, the program's output to
		// serial lines of their own: neither can corrupt the other.
		"con=null", "con0=null,fd:1", "ssl=null", "ssl0=null,fd:3", "ssl1=null,fd:4",
	)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.Env = append(os.Environ(), "TMPDIR="+memoryFolder())
	// The guest is many processes on the host. In a process namespace of its
	// own they all end with the first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWPID}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	}

	var copies sync.WaitGroup
	for _, to := range []io.Writer{stdout, stderr} {
		r, w, err := os.Pipe()
		if err != nil {
			return 0, fmt.Errorf("open a pipe for the output: %w", err)
		}
		defer w.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, w)
		copies.Go(func() { io.Copy(to, r); r.Close() })
	}
	unpin := pin(o.Beside)
	err = cmd.Start()
	unpin()
	if err != nil {
		return 0, fmt.Errorf("boot the guest: %w", err)
	}
	prefer(cmd.Process.Pid, o.Beside)
	for _, w := range cmd.ExtraFiles {
		w.Close()
	}
	exited := make(chan struct{})
	go func() { cmd.Wait(); close(exited) }()

	err = attend(o, exited, func() { cmd.Process.Kill() })
	<-exited
	copies.Wait()
	if err != nil {
		return 0, err
	}
	return o.status()
}

// attend waits for the end of the guest; it kills it when it does not boot in
// time and when this process is told to end. So it does with one that has left its status and
// does not halt: a user-mode kernel that fails as it halts aborts, which the first
// process of a namespace does in vain, for ever.
func attend(o order, exited <-chan struct{}, kill func()) error {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(ended)

	var ready, done bool
	since := time.Now()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-exited:
			return nil
		case s := <-ended:
			kill()
			return fmt.Errorf("the guest was ended: %v", s)
		case <-look.C:
		}
		switch {
		case !ready && o.has(fileReady):
			ready = true
			look.Reset(time.Second)
		case !ready && time.Since(since) > bootTimeout:
			kill()
			return fmt.Errorf("the guest did not boot within %v; its console:\n%s", bootTimeout, o.console())
		case !done && o.has(fileStatus):
			done, since = true, time.Now()
		case done && time.Since(since) > haltTimeout:
			kill()
			return nil
		}
	}
}

// has tells whether the guest has left a file.
func (o order) has(name string) bool {
	_, err := os.Stat(filepath.Join(o.Out, name))
	return err == nil
}

// write puts the order and the link to the program where pid 1 finds them, and
// takes away what a former guest left there.
func (o order) write() error {
	for _, name := range []string{fileInit, fileReady, fileStatus} {
		if err := os.Remove(filepath.Join(o.Out, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("clean the output folder: %w", err)
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode the boot order: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.Out, fileOrder), text, 0o600); err != nil {
		return fmt.Errorf("write the boot order: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	if err := os.Symlink(program, filepath.Join(o.Out, fileInit)); err != nil {
		return fmt.Errorf("link the program: %w", err)
	}
	return nil
}

// status reads the exit status that pid 1 left.
func (o order) status() (int, error) {
	text, err := os.ReadFile(filepath.Join(o.Out, fileStatus))
	if err != nil {
		return 0, fmt.Errorf("the guest died; its console:\n%s", o.console())
	}
	var status int
	if _, err := fmt.Sscan(string(text), &status); err != nil {
		return 0, fmt.Errorf("read the exit status %q: %w", text, err)
	}
	return status, nil
}

// console is the end of what the guest's kernel said.
func (o order) console() string {
	text, _ := os.ReadFile(filepath.Join(o.Out, fileConsole))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// outputFolders are the folders into which the testing flags and the coverage
// runtime write.
func outputFolders(o order) []string {
	var folders []string
	for _, arg := range o.Runs[0] {
		name, value, _ := strings.Cut(strings.TrimPrefix(arg, "-test."), "=")
		if value == "" {
			continue
		}
		switch name {
		case "outputdir", "gocoverdir":
			folders = append(folders, absolute(o.Directory, value))
		case "testlogfile", "coverprofile", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace":
			folders = append(folders, filepath.Dir(absolute(o.Directory, value)))
		}
	}
	if dir := os.Getenv("GOCOVERDIR"); dir != "" {
		folders = append(folders, absolute(o.Directory, dir))
	}
	return folders
}

func absolute(directory, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(directory, path)
}

// memoryFolder is where the guest keeps its memory as a file: in the host's
// memory where there is room for all of it.
func memoryFolder() string {
	const shm = "/dev/shm"
	var fs unix.Statfs_t
	if unix.Statfs(shm, &fs) == nil && fs.Bavail*uint64(fs.Bsize) > memory {
		return shm
	}
	return os.TempDir()
}
