//go:build linux

// Command measure measures what a failover costs, hald beside keepalived, on a
// real kernel with IPVS: both daemons go through the same events in the same lab,
// in turn, and a client, the kernels and the wire are the witnesses. No daemon is
// believed about itself.
//
//	go run ./integration/measure [-runs N] [-only PARTS] [-intervals LIST] [-o PAGE]
//
// It tells its progress on the standard error, and writes tables in Markdown to
// the standard output, or between the marks of a page.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/integration/lab"
)

func main() {
	runs := flag.Int("runs", 5, "go through all events `N` times")
	only := flag.String("only", "", "measure only these `PARTS`: a list of "+strings.Join(partNames(), ","))
	intervals := flag.String("intervals", "1s,100ms,10ms", "the advertisement intervals, a `LIST`; what does not depend on them is measured at the first")
	page := flag.String("o", "", "renew the figures in this `PAGE` instead of writing them out")
	flag.Parse()
	plan, err := newPlan(*runs, *only, *intervals)
	if err != nil || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "measure:", err, flag.Args())
		os.Exit(2)
	}

	kernel := guest.Guest{Modules: lab.Modules, Prepare: prepare}
	if *page != "" {
		kernel.Writable = []string{filepath.Dir(*page)}
	}
	kernel.Enter()

	begin := time.Now()
	say := func(text string) { fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), text) }
	stage := lab.NewStage("measure", say)
	b := &bench{report: &report{runs: plan.runs}, say: say}
	var about string
	stage.Run(func() {
		b.lab = lab.New(stage)
		b.owners, b.capture = b.lab.WatchOwners(lab.VIP), b.lab.Capture()
		about = b.about(plan.runs)
		plan.follow(b)
	})
	if err := write(*page, about+"\n"+b.report.markdown(), stage.Failed()); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		guest.Exit(1)
	}
	if stage.Failed() {
		guest.Exit(1)
	}
	guest.Exit(0)
}

// prepare builds hald and notes which one it is.
func prepare(out string) error {
	commit, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		commit = []byte("an unknown commit")
	}
	if err := os.WriteFile(filepath.Join(out, fileCommit), commit, 0o644); err != nil {
		return fmt.Errorf("note the commit: %w", err)
	}
	return lab.BuildHald(out)
}

// fileCommit is a file of the guest's Out.
const fileCommit = "commit"

// write brings the figures to their place. What was measured before a failure is
// shown, but no page is renewed with it.
func write(page, figures string, failed bool) error {
	if page != "" && !failed {
		return renewFile(page, figures)
	}
	_, err := fmt.Print(figures)
	return err
}
