//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// tell puts figures into a part of a page, between its lines "<!-- PART: begin -->" and
// "<!-- PART: end -->"; the words around stay. Without a page they are shown.
func tell(page, part, figures string) error {
	if page == "" {
		fmt.Print(figures)
		return nil
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	begin, end := "<!-- "+part+": begin -->\n", "<!-- "+part+": end -->\n"
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return fmt.Errorf("%s has no lines %q and %q", page, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(page, []byte(before+begin+"\n"+figures+"\n"+end+after), 0o644)
}

// about names the day, the machine, and what was measured.
func about() string {
	said := func(name string, arguments ...string) string {
		out, _ := exec.Command(name, arguments...).CombinedOutput()
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return line
	}
	return fmt.Sprintf("%s; Linux %s, processors: %d, shared with other work; hald at %s",
		time.Now().UTC().Format("2 January 2006"), said("uname", "-r"), runtime.NumCPU(), said("git", "describe", "--always", "--dirty"))
}
