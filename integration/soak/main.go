//go:build linux

// Command soak lets hald and keepalived be each other's backup for a while, each in
// turn the better one, in every way of speaking VRRP that both know: stops, returns
// and backups that are deaf for a moment, with quiet in between. The kernels are
// the witnesses: an address that moves when nobody moved it is a fault, and so is
// a duel that lasts. All pairs play at once. It needs root, but no ip_vs, and
// runs on the kernel of the machine itself.
//
//	go run ./integration/soak [-during D]
//
// It tells its progress on the standard error, writes a table in Markdown to the
// standard output, and ends with status 1 if there was a fault.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	during := flag.Duration("during", 10*time.Minute, "for how long; one round is played however short that is")
	flag.Parse()
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	what := about(*during) // the commit that is built, whatever comes while it plays
	results, err := soak(ctx, *during, func(text string) { fmt.Fprintln(os.Stderr, text) })
	if err == nil {
		fmt.Printf("%s\n\n%s", what, table(results))
		err = faults(results)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// soak builds hald and plays every pair, all at once.
func soak(ctx context.Context, during time.Duration, say func(string)) ([]result, error) {
	folder, err := os.MkdirTemp("", "soak")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	hald, err := build(folder)
	if err != nil {
		return nil, err
	}
	pairs := allPairs()
	results, ended := make([]result, len(pairs)), make(chan error)
	for i, p := range pairs {
		go func() {
			var err error
			results[i], err = p.play(ctx, filepath.Join(folder, p.id), hald, during, say)
			if err != nil {
				err = fmt.Errorf("%s: %w", p, err)
			}
			ended <- err
		}()
	}
	var failed []string
	for range pairs {
		if err := <-ended; err != nil {
			failed = append(failed, err.Error())
		}
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(failed, "\n"))
	}
	return results, nil
}

// build builds hald from the module of the working directory.
func build(folder string) (string, error) {
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	hald := filepath.Join(folder, "hald")
	cmd := exec.Command("go", "build", "-o", hald, "./cmd/hald")
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(module)))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hald: %w: %s", err, out)
	}
	return hald, nil
}

// about names the machine and what was tried.
func about(during time.Duration) string {
	said := func(name string, arguments ...string) string {
		out, _ := exec.Command(name, arguments...).CombinedOutput()
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return line
	}
	return fmt.Sprintf("Played on %s for %v: Linux %s, processors: %d, shared with other work; hald at %s beside %s.",
		time.Now().UTC().Format("2 January 2006"), during, said("uname", "-r"), runtime.NumCPU(),
		said("git", "describe", "--always", "--dirty"), said("keepalived", "--version"))
}
