//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// The dead rack: so many services of so many servers, which all fall silent at once.
const (
	racked, perService = 1000, 10
	rackFall           = 2
	rackTimeout        = 500 * time.Millisecond
	rackBound          = rackFall*interval + time.Second // from the death to the table without them
	punctual           = time.Second                     // that a check may be late meanwhile
	tries              = 3                               // of which one must hold the bounds: others use the machine
)

// rack has ten thousand servers fall silent at once, and tells how long the daemon took to have them
// out of its table, and how late the latest of its checks was. It is an error if either is
// too long, or if not every event was told, each time it is tried.
func rack(page string) error {
	p, err := begin("rack", func(b *bench) (*exec.Cmd, error) { return b.trial("rack.hcl", rackText()) })
	if err != nil {
		return err
	}
	defer p.end()
	var text string
	for range tries {
		if text, err = p.collapse(); err == nil {
			break
		}
		fmt.Fprintln(os.Stderr, text, err)
	}
	report := fmt.Sprintf("%s; %d services of %d servers each, HTTP checks every %v, `timeout` %v, `fall` %d.\n\n%s\n", p.what, racked, perService, interval, rackTimeout, rackFall, text)
	return errors.Join(tell(page, "rack", report), err)
}

// collapse has all servers fall silent when all are up, and well again afterwards.
func (p *play) collapse() (text string, fault error) {
	const servers = racked * perService
	if !soon(func() bool { n, err := p.down(servers); return err == nil && n == 0 }) {
		n, err := p.down(servers)
		return "", errors.Join(err, fmt.Errorf("%d servers are not up, though they answer: the machine is too busy", n))
	}
	p.witness.begin(true)
	p.forget()
	p.silence(true)
	defer p.silence(false)
	died := time.Now()
	gone := soon(func() bool { n, _ := p.requests(); return n >= servers })
	_, last := p.requests()
	took := last.Sub(died)
	time.Sleep(interval)
	_, _, late := p.seen()
	told := soon(func() bool { return p.count("real_server.down") == servers && p.count("quorum.lost") == racked })
	most := late[len(late)-1]
	if !gone || took > rackBound {
		fault = fmt.Errorf("the table was not right within %v", rackBound)
	}
	if most > punctual {
		fault = errors.Join(fault, fmt.Errorf("a check was %v late", most))
	}
	if !told || p.count("log.dropped") > 0 || p.count("worker.exited") > 0 {
		fault = errors.Join(fault, errors.New("not everything was told"))
	}
	return fmt.Sprintf("All servers fell silent at once. %v later the last of them was out of the table (bound: %v). Of %d checks meanwhile, 99 %% were at most %v late, the latest %v. Events: %d × `real_server.down`, %d × `quorum.lost`, %d lost.",
		took.Round(10*time.Millisecond), rackBound, len(late), late[len(late)*99/100].Round(100*time.Microsecond), most.Round(100*time.Microsecond),
		p.count("real_server.down"), p.count("quorum.lost"), p.count("log.dropped")), fault
}

// soon waits until something is so, a minute at most.
func soon(is func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if is() {
			return true
		}
	}
	return is()
}

func rackText() string {
	var text strings.Builder
	fmt.Fprintf(&text, `cluster "rack" {
  director "one" {}
}
virtual_server_defaults {
  protocol   = "tcp"
  forwarding = "nat"
  check "http" {
    interval = "%v"
    timeout  = "%v"
    fall     = %d
  }
}
`, interval, rackTimeout, rackFall)
	for i := range racked {
		fmt.Fprintf(&text, "virtual_server \"v%d\" {\n  addresses = [\"10.99.%d.%d:80\"]\n", i, i/250, i%250+1)
		for k := range perService {
			fmt.Fprintf(&text, "  real_server \"s%d\" { address = \"%s:%d\" }\n", k, server(i*perService+k), port)
		}
		text.WriteString("}\n")
	}
	return text.String()
}
