//go:build linux

// Command checks measures what health checks cost, hald beside keepalived, in
// turn, on this machine's own kernel in a network namespace, which needs root but
// no IPVS: hald runs with --dry-run, and keepalived with a small library before
// the C library's that says yes to every IPVS socket option (ipvs.c.txt).
//
//	go run ./integration/checks [-rounds N] [-servers LIST] [-window TIME] [-o PAGE]
//	go run ./integration/checks -soak TIME [-o PAGE]
//	go run ./integration/checks -rack [-o PAGE]
//
// One process of ours answers on all of 127.0.0.0/8 and is the witness of when
// checks come; /proc is the witness of what they cost. With -soak a thousand servers
// flap for a while, and the daemon's memory must not grow. With -rack ten thousand fall silent at once, and must be out of its table in time. The tables go to the
// standard output, in Markdown, or into a page (docs/checks.md).
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	interval = 2 * time.Second
	patience = time.Minute     // with a daemon that begins, until each server has been checked
	settle   = 6 * time.Second // after that: nothing of the start is left to do
)

// cell is what is measured one way.
type cell struct {
	daemon, kind string
	servers      int
}

func main() {
	rounds := flag.Int("rounds", 3, "measure everything `N` times")
	list := flag.String("servers", "100,1000,10000", "how many real servers, a `LIST`")
	window := flag.Duration("window", 8*time.Second, "`TIME` of one measurement")
	long := flag.Duration("soak", 0, "instead, have servers flap for so long a `TIME`")
	dead := flag.Bool("rack", false, "instead, have ten thousand servers fall silent at once")
	page := flag.String("o", "", "put the figures into a `PAGE` that has a place for them")
	flag.Parse()
	var err error
	switch {
	case *long > 0:
		err = soak(*long, *page)
	case *dead:
		err = rack(*page)
	default:
		err = measured(*rounds, *list, *window, *page)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "checks:", err)
		os.Exit(1)
	}
}

// measured measures at the sizes of a list.
func measured(rounds int, list string, window time.Duration, page string) error {
	var sizes []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 50000 {
			return fmt.Errorf("-servers %q: use numbers from 1 to 50000", text)
		}
		sizes = append(sizes, n)
	}
	return measure(rounds, sizes, window, page)
}

func measure(rounds int, sizes []int, window time.Duration, page string) error {
	what := about()
	folder, err := os.MkdirTemp("", "hald-checks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	b := &bench{folder: folder, space: fmt.Sprintf("hald-checks-%d", os.Getpid()), window: window}
	if err := b.prepare(); err != nil {
		return err
	}
	defer exec.Command("ip", "netns", "del", b.space).Run()
	w, err := answer(filepath.Join("/run/netns", b.space))
	if err != nil {
		return err
	}
	found := map[cell][]figures{}
	for round := range rounds {
		for _, n := range sizes {
			for _, kind := range []string{"tcp", "http"} {
				for _, daemon := range []string{"keepalived", "hald"} {
					c := cell{daemon, kind, n}
					f, err := b.run(c, w)
					if err != nil {
						return fmt.Errorf("%s, %s, %d servers: %w", daemon, kind, n, err)
					}
					fmt.Fprintf(os.Stderr, "round %d: %+v %+v\n", round+1, c, f)
					found[c] = append(found[c], f)
				}
			}
		}
	}
	return tell(page, "costs", what+fmt.Sprintf("; medians of %d rounds of %v.\n\n", rounds, window)+table(sizes, found))
}
