//go:build linux

// Command browser looks at the live page with a real browser: Debian's chromium without
// a screen, on a pair of directors in network namespaces. It hands over, kills and
// restarts, and expects the open page to show it without being loaded again; it shows
// the page names that try to be markup; and it takes the pictures in docs. It needs
// root, but no ip_vs, and runs on the kernel of the machine itself.
//
//	go run ./integration/browser [-pictures FOLDER]
//
// It tells each step on the standard error and ends with status 1 at the first that fails.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	pictures := flag.String("pictures", "", "folder for the pictures; empty: none are kept")
	flag.Parse()
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	if err := play(ctx, *pictures); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
}

// play sets the scene and plays all steps.
func play(ctx context.Context, pictures string) (err error) {
	folder, err := os.MkdirTemp("", "browser")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	p, err := newPair(ctx, folder)
	if err != nil {
		return err
	}
	defer p.remove()
	for _, name := range directors {
		if err := p.start(name); err != nil {
			return err
		}
	}
	b, err := launch(ctx, p.inside("lb1"), folder)
	if err != nil {
		return err
	}
	defer b.end()
	for _, s := range steps {
		began := time.Now()
		if err := s.play(ctx, p, b, pictures); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "%-70s %v\n", s.name, time.Since(began).Round(10*time.Millisecond))
	}
	return nil
}
