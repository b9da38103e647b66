//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// play is one daemon before servers to which something is done, in a folder and a namespace of its
// own, with what it logs read as it comes.
type play struct {
	*bench
	*witness
	*diary
	what   string // the commit that is built, whatever comes while it plays
	daemon *exec.Cmd
	told   chan struct{} // closed when all is read that the daemon logs
}

// begin starts what command says.
func begin(name string, command func(*bench) (*exec.Cmd, error)) (p *play, err error) {
	folder, err := os.MkdirTemp("", "hald-"+name+"-")
	if err != nil {
		return nil, err
	}
	p = &play{
		bench: &bench{folder: folder, space: fmt.Sprintf("hald-%s-%d", name, os.Getpid())},
		diary: &diary{events: map[string]int{}}, what: about(), told: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			p.clear()
		}
	}()
	if err := p.prepare(); err != nil {
		return nil, err
	}
	if p.witness, err = answer(filepath.Join("/run/netns", p.space)); err != nil {
		return nil, err
	}
	p.witness.begin(true)
	if p.daemon, err = command(p.bench); err != nil {
		return nil, err
	}
	log, err := p.daemon.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.daemon.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.told)
		p.diary.read(log)
	}()
	return p, nil
}

// end stops the daemon and leaves nothing behind.
func (p *play) end() {
	p.daemon.Process.Signal(syscall.SIGTERM)
	<-p.told
	p.daemon.Wait()
	p.clear()
}

func (p *play) clear() {
	exec.Command("ip", "netns", "del", p.space).Run()
	os.RemoveAll(p.folder)
}
