//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	soaked = 1000             // servers
	beat   = 10 * time.Second // between two samples
	growth = 0.05             // of a process's memory that a soak may end with, and 1 MiB
)

// soak has servers flap for a while, and tells what that does to the daemon's memory:
// the samples of the first sixth, after a first minute, are held against those of the last.
// It is an error if there is more, or if the daemon is wrong about a server in the end.
func soak(during time.Duration, page string) error {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	p, err := begin("soak", func(b *bench) (*exec.Cmd, error) { return b.command(cell{"hald", "http", soaked}) })
	if err != nil {
		return err
	}
	defer p.end()
	time.Sleep(settle)
	p.flap(time.Now())
	samples := sampled(ctx, p.daemon.Process.Pid, during, p.diary)
	p.flap(time.Time{})
	healed := time.Now()
	down, err := p.down(soaked)
	for ; down != 0 && time.Since(healed) < patience; down, err = p.down(soaked) {
		time.Sleep(interval / 4)
	}
	text, fault := verdict(samples, p.diary)
	if down != 0 || err != nil {
		fault = errors.Join(fault, err, fmt.Errorf("%d servers that are well are shown as something else", down))
	}
	report := fmt.Sprintf("%s; %d servers behind one service, HTTP checks every %v, for %v.\n\n%s\n%d servers went down, %d came up, %d were not up %v after all were well.\n",
		p.what, soaked, interval, during, text, p.count("real_server.down"), p.count("real_server.up"), down, time.Since(healed).Round(time.Second))
	return errors.Join(tell(page, "soak", report), fault)
}

// sampled takes a sample at every beat.
func sampled(ctx context.Context, pid int, during time.Duration, d *diary) (all []sample) {
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for begun := time.Now(); time.Since(begun) < during; {
		select {
		case <-beats.C:
			all = append(all, take(pid))
			fmt.Fprintf(os.Stderr, "%v: %+v, %d down, %d up\n", time.Since(begun).Round(time.Second), all[len(all)-1], d.count("real_server.down"), d.count("real_server.up"))
		case <-ctx.Done():
			return all
		}
	}
	return all
}

// down is how many of so many servers are not up, as the daemon shows them.
func (b *bench) down(of int) (n int, err error) {
	text, err := exec.Command(b.path("hald"), "status", "-o", "json", "--runtime-dir", b.folder).Output()
	var document struct {
		Services []struct {
			Servers []struct{ State string } `json:"real_servers"`
		} `json:"virtual_servers"`
	}
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	if err != nil {
		return of, err
	}
	n = of
	for _, service := range document.Services {
		for _, s := range service.Servers {
			if s.State == "up" {
				n--
			}
		}
	}
	return n, nil
}

// verdict is a table, and what is wrong with what it says.
func verdict(samples []sample, d *diary) (text string, fault error) {
	const warm = int(time.Minute / beat)
	if len(samples) < 2*warm {
		return "", fmt.Errorf("%d samples are too few to tell anything: soak for longer", len(samples))
	}
	part := max(1, len(samples)/6)
	first, last := samples[warm:warm+part], samples[len(samples)-part:]
	var rows strings.Builder
	rows.WriteString("| process | PSS in the beginning, MiB | in the end | least | most | open files | threads |\n|---|---|---|---|---|---|---|\n")
	for i, p := range samples[len(samples)-1] {
		of := func(some []sample, get func(holding) float64) (values []float64) {
			for _, s := range some {
				if i < len(s) && s[i].name == p.name {
					values = append(values, get(s[i]))
				}
			}
			return values
		}
		pss := func(h holding) float64 { return h.pss }
		before, after := middle(of(first, pss)), middle(of(last, pss))
		files := func(h holding) float64 { return float64(h.files) }
		tasks := func(h holding) float64 { return float64(h.tasks) }
		least, most := ends(of(samples[warm:], pss))
		fmt.Fprintf(&rows, "| %s | %.1f | %.1f | %.1f | %.1f | %.0f → %.0f | %.0f → %.0f |\n", p.name, before, after, least, most,
			middle(of(first, files)), middle(of(last, files)), middle(of(first, tasks)), middle(of(last, tasks)))
		if before == 0 || after > before*(1+growth)+1 {
			fault = errors.Join(fault, fmt.Errorf("%s grew from %.1f to %.1f MiB", p.name, before, after))
		}
	}
	for _, bad := range []string{"worker.exited", "log.dropped"} {
		if n := d.count(bad); n > 0 {
			fault = errors.Join(fault, fmt.Errorf("%d × %s", n, bad))
		}
	}
	return rows.String(), fault
}
