//go:build linux

// Command demo shows a pair of hald directors fail over, on a real kernel with
// IPVS, while a client sends requests through them: a real server is killed, the
// master is stopped, killed, and cut off, and each comes back. It ends with a
// table of what the client saw beside what the protocol allows, and fails if any
// bound was broken.
//
//	go run ./integration/demo [-record FILE]
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/integration/lab"
)

//go:embed cluster.hcl
var cluster string

func main() {
	record := flag.String("record", "", "write the same as plain text to `FILE`")
	flag.Parse()
	begin := time.Now()

	kernel := guest.Guest{Modules: lab.Modules, Prepare: func(out string) error {
		fmt.Println("building hald, entering the lab …")
		return lab.BuildHald(out)
	}}
	if *record != "" {
		kernel.Writable = []string{filepath.Dir(*record)}
	}
	kernel.Enter()

	if !perform(*record, begin) {
		fmt.Println("\nNot all of it held. A machine that is busy with other things can be the reason: try again.")
		guest.Exit(1)
	}
	fmt.Println("\nEvery bound held, and nothing of it is left on this machine. A pair of your own: docs/tutorial.md.")
	guest.Exit(0)
}

// perform plays, and tells whether all bounds held.
func perform(record string, begin time.Time) (held bool) {
	text := io.Discard
	if record != "" {
		file, err := os.Create(record)
		if err != nil {
			fmt.Fprintln(os.Stderr, "demo:", err)
			return false
		}
		defer file.Close()
		text = file
	}
	s := newScreen(os.Stdout, text, begin)
	stage := lab.NewStage("demo", func(what string) {
		s.now("")
		s.text("%s", what)
	})
	stage.Run(func() { held = play(stage, s) })
	return held && !stage.Failed()
}
