package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// packaged is where TestManual leaves what packages ship beside the program. What makes it is not part of the
// program: each of a daemon's processes would have it in its memory.
var packaged = flag.String("packaged", "", "write manual pages (man/) and shell completions (completions/) into a `FOLDER`")

// TestManual: packages have a page for every command that the help names, and
// completions that know them.
func TestManual(t *testing.T) {
	folder, root := *packaged, newRoot(&app{})
	if folder == "" {
		folder = t.TempDir()
	}
	if err := writeManual(root, folder); err != nil {
		t.Fatal(err)
	}
	for _, c := range root.Commands() {
		_, err := os.Stat(filepath.Join(folder, "man", "hald-"+c.Name()+".1"))
		if c.IsAvailableCommand() != (err == nil) {
			t.Errorf("%s is available: %v; its page: %v", c.Name(), c.IsAvailableCommand(), err)
		}
	}
	if page, err := os.ReadFile(filepath.Join(folder, "man", "hald-simulate.1")); err != nil || !strings.HasPrefix(string(page), `.nh
.TH "HALD-SIMULATE" "1"`) || !strings.Contains(string(page), "\n.PP\nExit codes: 0 done") {
		t.Errorf("the page of simulate: %v\n%s", err, page)
	}
	for shell, sign := range map[string]string{"hald.bash": "complete -o default -F __start_hald hald", "_hald": "#compdef hald", "hald.fish": "complete -c hald"} {
		script, err := os.ReadFile(filepath.Join(folder, "completions", shell))
		if err != nil || !strings.Contains(string(script), sign) {
			t.Errorf("%s completes nothing: %v", shell, err)
		}
	}
}

// apart has the exit codes in a paragraph of their own: a page fills its lines, where the help
// has them as they are.
func apart(c *cobra.Command) {
	c.Long = strings.Replace(c.Long, "\nExit codes: ", "\n\nExit codes: ", 1)
	for _, sub := range c.Commands() {
		apart(sub)
	}
}

func writeManual(root *cobra.Command, folder string) error {
	root.DisableAutoGenTag = true // the same source makes the same pages
	man, completions := filepath.Join(folder, "man"), filepath.Join(folder, "completions")
	for _, f := range []string{man, completions} {
		if err := os.MkdirAll(f, 0o755); err != nil {
			return err
		}
	}
	apart(root)
	header := &doc.GenManHeader{Section: "1", Source: "hald", Manual: "hald"} // the title is the command's
	if err := doc.GenManTree(root, header, man); err != nil {
		return err
	}
	for name, generate := range map[string]func(io.Writer) error{
		"hald.bash": func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"_hald":     root.GenZshCompletion,
		"hald.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
	} {
		var script bytes.Buffer
		if err := generate(&script); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(completions, name), script.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
