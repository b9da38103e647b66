//go:build linux

// Command rhythm measures how evenly a master advertises, hald beside keepalived:
// many virtual routers at a short interval on one link, on an idle machine and on
// one whose every core is wanted by four busy loops. The witness is a packet
// capture with the kernel's time stamps. It needs root, but no ip_vs, and runs on
// the kernel of the machine itself.
//
//	go run ./integration/rhythm [-interval D] [-during D] [-instances LIST] [-alone] [-idle] [-o PAGE]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// hogsPerCore is how many busy loops want each core.
const hogsPerCore = 4

func main() {
	interval := flag.Duration("interval", 10*time.Millisecond, "the advertisement interval")
	during := flag.Duration("during", time.Minute, "how long each case is watched")
	instances := flag.String("instances", "1,50,255", "how many virtual routers, a `LIST`")
	alone := flag.Bool("alone", false, "measure hald alone")
	idle := flag.Bool("idle", false, "measure on an idle machine only")
	page := flag.String("o", "", "write the tables to this `PAGE` instead of the standard output")
	flag.Parse()
	if err := run(*interval, *during, *instances, *alone, *idle, *page); err != nil {
		fmt.Fprintln(os.Stderr, "rhythm:", err)
		os.Exit(1)
	}
}

func run(interval, during time.Duration, instances string, alone, idle bool, page string) error {
	var counts []int
	for word := range strings.SplitSeq(instances, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > 255 {
			return fmt.Errorf("%q is no number of virtual routers, 1 to 255", word)
		}
		counts = append(counts, n)
	}
	folder, err := os.MkdirTemp("", "rhythm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	hald, err := build(folder)
	if err != nil {
		return err
	}
	daemons, loads := []daemon{haldDaemon{hald}, keepalivedDaemon{}, keepalivedDaemon{realTime: true}}, []bool{false, true}
	if alone {
		daemons = daemons[:1]
	}
	if idle {
		loads = loads[:1]
	}

	var rows []row
	for _, n := range counts {
		for _, loaded := range loads {
			for _, d := range daemons {
				c := scenario{daemon: d, instances: n, interval: interval, during: during, loaded: loaded}
				fmt.Fprintf(os.Stderr, "%s\n", c)
				seen, err := c.run(folder)
				if err != nil {
					return fmt.Errorf("%s: %w", c, err)
				}
				rows = append(rows, row{c, seen})
			}
		}
	}
	text := tables(rows, about())
	if page == "" {
		_, err = fmt.Print(text)
		return err
	}
	return os.WriteFile(page, []byte(text), 0o644)
}

// build builds hald from the module of the working directory.
func build(folder string) (hald string, err error) {
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	hald = filepath.Join(folder, "hald")
	cmd := exec.Command("go", "build", "-o", hald, "./cmd/hald")
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(module)))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hald: %w: %s", err, out)
	}
	return hald, nil
}

// about names the machine and what was measured.
func about() string {
	said := func(name string, arguments ...string) string {
		out, _ := exec.Command(name, arguments...).CombinedOutput()
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return line
	}
	return fmt.Sprintf("Measured on %s: Linux %s, processors: %d, shared with other work; hald at %s beside %s.",
		time.Now().Format("2 January 2006"), said("uname", "-r"), runtime.NumCPU(), said("git", "describe", "--always", "--dirty"), said("keepalived", "--version"))
}
