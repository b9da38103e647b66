package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manual writes what packages ship beside the program: manual pages and completions of
// shells. It is for those who make packages.
func (a *app) manual() *cobra.Command {
	return &cobra.Command{
		Use:    "manual FOLDER",
		Short:  "Write manual pages and shell completions",
		Long:   "Write the manual pages (man/) and the completions of shells (completions/) into a folder.",
		Hidden: true,
		Args:   itsWords,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := writeManual(newRoot(&app{}), args[0]); err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
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
