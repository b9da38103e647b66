//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// The figures of a page stand between these lines; its words do not.
const (
	markBegin = "<!-- figures: begin -->\n"
	markEnd   = "<!-- figures: end -->\n"
)

// renew replaces the figures of a page and leaves its words alone.
func renew(page, figures string) (string, error) {
	before, rest, begins := strings.Cut(page, markBegin)
	_, after, ends := strings.Cut(rest, markEnd)
	if !begins || !ends {
		return "", fmt.Errorf("the page has no lines %q and %q", strings.TrimSpace(markBegin), strings.TrimSpace(markEnd))
	}
	return before + markBegin + "\n" + figures + markEnd + after, nil
}

// renewFile renews a page on disk.
func renewFile(path, figures string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	renewed, err := renew(string(page), figures)
	if err != nil {
		return fmt.Errorf("renew %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(renewed), 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
