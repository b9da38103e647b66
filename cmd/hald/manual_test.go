package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/hald-project/hald/config/golden"
)

// TestReference: docs/commands.md says of every command what it says of itself.
func TestReference(t *testing.T) {
	for _, name := range []string{"HALD_CONFIG", "HALD_DIRECTOR", "HALD_RUNTIME_DIR", "HALD_STATE_DIR"} {
		t.Setenv(name, "")
	}
	page, err := reference(newRoot(&app{}))
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "../../docs/commands.md", page)
}

// told are the command lines in a page: in the running text, and in blocks of code for
// the shell or set off by four spaces.
var told = regexp.MustCompile("`(hald [a-z][^`\n]*)`|(?m:^    (hald [^#\n]*))")

// shell is what is to be typed in blocks of code.
var shell = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestCommandsInTheDocs: whatever a page tells to type is a command, with flags and arguments
// that it takes.
func TestCommandsInTheDocs(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(page) == "commands.md" {
			continue // it is made of them
		}
		lines := []string{}
		for _, m := range told.FindAllStringSubmatch(string(text), -1) {
			lines = append(lines, m[1]+m[2])
		}
		for _, block := range shell.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.Lines(strings.ReplaceAll(block[1], "&& ", "\n")) {
				lines = append(lines, line)
			}
		}
		for _, line := range lines {
			for _, end := range []string{"#", " | ", " > ", "\n"} {
				line, _, _ = strings.Cut(line, end)
			}
			if !strings.HasPrefix(line, "hald ") || strings.ContainsAny(line, "…|[") { // a form of several
				continue
			}
			seen++
			c, rest, err := newRoot(&app{}).Find(strings.Fields(line)[1:])
			if err == nil && !c.HasParent() {
				err = fmt.Errorf("unknown command")
			}
			if err == nil {
				err = c.ParseFlags(rest)
			}
			if err == nil && len(c.Flags().Args()) > 0 {
				err = c.ValidateArgs(c.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: %q: %v", filepath.Base(page), line, err)
			}
		}
	}
	if seen < 50 {
		t.Errorf("%d command lines were found in the documentation", seen)
	}
}

// seeAlso is what the pages of several files need and one does not.
var seeAlso = regexp.MustCompile(`(?s)### SEE ALSO.*?\n\n(\* .*\n)*`)

// reference is all commands as one page of Markdown.
func reference(root *cobra.Command) (string, error) {
	root.DisableAutoGenTag = true
	var page strings.Builder
	page.WriteString("# Commands\n\nWritten by `go test ./cmd/hald -run TestReference -update` from what `hald --help` and `hald COMMAND --help` say.\n")
	var write func(*cobra.Command) error
	write = func(c *cobra.Command) error {
		if !c.IsAvailableCommand() && c.HasParent() || c.Name() == "help" || c.Name() == "completion" {
			return nil
		}
		var b bytes.Buffer
		if err := doc.GenMarkdown(c, &b); err != nil {
			return err
		}
		text := seeAlso.ReplaceAllString(b.String(), "")
		text, _, _ = strings.Cut(text, "### Options inherited") // they are hald's own
		fmt.Fprintf(&page, "\n%s\n", strings.TrimSpace(text))
		for _, sub := range c.Commands() {
			if err := write(sub); err != nil {
				return err
			}
		}
		return nil
	}
	err := write(root)
	return page.String(), err
}
