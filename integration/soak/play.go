//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// game is a pair at work.
type game struct {
	pair
	ctx     context.Context // done: the play is broken off
	link    link
	witness *witness
	folder  string
	hald    string
	quiet   time.Duration // between two faults
	running map[string]*exec.Cmd
	result
}

// play goes through rounds of faults until the time is over.
func (p pair) play(ctx context.Context, folder, hald string, during time.Duration, say func(string)) (r result, err error) {
	g := &game{pair: p, ctx: ctx, folder: folder, hald: hald, running: map[string]*exec.Cmd{}, result: result{pair: p}}
	g.quiet = min(max(during/30, 2*time.Second), 20*time.Second)
	if g.link, err = connect(p.id); err != nil {
		return r, err
	}
	defer g.link.remove()
	if g.witness, err = watch(g.link, p.address); err != nil {
		return r, err
	}
	defer g.witness.stop()
	defer g.stopAll()
	for _, director := range directors {
		if err := g.start(director); err != nil {
			return r, err
		}
	}
	if err := g.await(p.better+" alone has the address", func() bool { return g.witness.alone(p.better) }); err != nil {
		return r, err
	}
	g.witness.news()
	for end := time.Now().Add(during); ; {
		for _, fault := range []func() error{g.stops, g.returns, g.deafens} {
			if err := fault(); err != nil {
				return r, err
			}
		}
		say(fmt.Sprintf("%s: %d faults, moved unprovoked: %d times", p, g.provoked, len(g.unprovoked)))
		if !time.Now().Before(end) {
			break
		}
	}
	g.stopAll()
	g.complaints, g.splits, err = complaints(folder)
	return g.result, err
}

// fault does something after which the address must be a director's alone, and
// has gone from one to the other or been claimed and given up: two changes.
// Whatever else moves, before or after, nobody asked for.
func (g *game) fault(to string, act func() (from time.Time, err error)) (overlap time.Duration, err error) {
	if err := g.rest(g.quiet); err != nil {
		return 0, err
	}
	g.blame(g.witness.news())
	from, err := act()
	if err != nil {
		return 0, err
	}
	if err := g.await(to+" alone has the address", func() bool { return g.witness.alone(to) }); err != nil {
		return 0, err
	}
	news := g.witness.news()
	g.provoked++
	g.blame(news[min(2, len(news)):])
	return both(news, from), nil
}

func (g *game) blame(news []change) {
	for _, c := range news {
		g.unprovoked = append(g.unprovoked, c.String())
	}
}

func (g *game) stops() error {
	overlap, err := g.fault(g.other, func() (time.Time, error) { return time.Now(), g.stop(g.better) })
	g.overlaps = append(g.overlaps, overlap)
	return err
}

func (g *game) returns() error {
	overlap, err := g.fault(g.better, func() (time.Time, error) { return time.Now(), g.start(g.better) })
	g.overlaps = append(g.overlaps, overlap)
	return err
}

// deafens keeps the better one's adverts from the other, which claims the address
// too, for an interval longer than that takes.
func (g *game) deafens() error {
	overlap, err := g.fault(g.better, func() (from time.Time, err error) {
		if err := g.link.mute(g.better); err != nil {
			return from, err
		}
		if err := g.await(g.other+" claims the address too", func() bool { return g.witness.held(g.other) }); err != nil {
			return from, err
		}
		if err := g.rest(interval * 3 / 2); err != nil {
			return from, err
		}
		err = g.link.deliver()
		return time.Now(), err // before, the command may not have got to it
	})
	g.endings = append(g.endings, overlap)
	return err
}

func (g *game) await(what string, so func() bool) error {
	for end := time.Now().Add(patience); !so(); {
		if err := g.rest(5 * time.Millisecond); err != nil {
			return err
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(g.folder, "lb1", "log"))
			peer, _ := os.ReadFile(filepath.Join(g.folder, "lb2", "log"))
			return fmt.Errorf("not within %v: %s; changes %v\n%s\n%s", patience, what, g.witness.news(), log, peer)
		}
	}
	return nil
}

// rest lets time pass.
func (g *game) rest(d time.Duration) error {
	select {
	case <-g.ctx.Done():
		return g.ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// start starts a director; what it says goes behind what it said before.
func (g *game) start(director string) error {
	folder := filepath.Join(g.folder, director)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, command := g.command(director, folder, g.hald)
	if err := os.WriteFile(filepath.Join(folder, "config"), []byte(text), 0o644); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := g.link.in(director, command...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's interrupt is not for it
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", director, err)
	}
	g.running[director] = cmd
	return nil
}

// stop is SIGTERM, and the wait for the end.
func (g *game) stop(director string) error {
	cmd := g.running[director]
	delete(g.running, director)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
		return nil
	case <-time.After(patience):
		cmd.Process.Kill()
		<-ended
		return fmt.Errorf("%s did not end by itself", director)
	}
}

func (g *game) stopAll() {
	for director := range g.running {
		g.stop(director)
	}
}
