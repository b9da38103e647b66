package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/config"
)

// standardInput is how standard input is named on the command line and in messages.
const standardInput = "-"

func (a *app) format() *cobra.Command {
	var write, check bool
	command := &cobra.Command{
		Use:   "fmt [PATH]",
		Short: "Show or write the canonical layout of the configuration",
		Long: "Lay out the file, or the .hcl files of the folder, that PATH names (default: those of\n" +
			"--config). Only the space between words changes, never what the text means.\n\n" +
			"By itself it shows the difference and changes nothing. With -w it writes the files and\n" +
			"lists those that it changed; with --check it lists those that it would change. PATH -\n" +
			"is standard input, which goes to standard output laid out.\n" +
			"Exit codes: 0 done; 1 a file cannot be read or does not parse, or with --check something\n" +
			"would change; 2 usage.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			path := a.config
			if len(args) == 1 {
				path = args[0]
			}
			switch {
			case write && check:
				return errors.New("-w and --check exclude each other")
			case write && path == standardInput:
				return errors.New("standard input cannot be written: leave -w out")
			}
			files, err := a.layouts(path, command.InOrStdin())
			changed := 0
			for _, file := range files {
				if !file.Changed() && path != standardInput {
					continue
				}
				if file.Changed() {
					changed++
				}
				if fail := a.formatted(file, write, check); fail != nil {
					err = &exit{codeFailed, fail}
				}
			}
			if err == nil && check && changed > 0 {
				return &exit{code: codeFailed}
			}
			return err
		},
	}
	command.Flags().BoolVarP(&write, "write", "w", false, "write the files")
	command.Flags().BoolVar(&check, "check", false, "list the files that would change, and exit with 1 if there are any")
	return command
}

// layouts lays out what can be, and says what is wrong with the rest.
func (a *app) layouts(path string, input io.Reader) (files []config.Layout, err error) {
	var diags config.Diagnostics
	if path == standardInput {
		text, err := io.ReadAll(input)
		if err != nil {
			return nil, &exit{codeFailed, fmt.Errorf("read standard input: %w", err)}
		}
		var file config.Layout
		if file, diags = config.FormatText(standardInput, text); !diags.HasErrors() {
			files = append(files, file)
		}
	} else {
		files, diags = config.Format(path)
	}
	a.explain(diags)
	if diags.HasErrors() {
		err = &exit{code: codeFailed}
	}
	return files, err
}

// formatted does with one file what was asked for.
func (a *app) formatted(file config.Layout, write, check bool) (err error) {
	switch {
	case check && !file.Changed():
	case check:
		_, err = fmt.Fprintln(a.out, file.Name)
	case write:
		if err = replace(file.Name, file.Is); err == nil {
			_, err = fmt.Fprintln(a.out, file.Name)
		}
	case file.Name == standardInput:
		_, err = a.out.Write(file.Is)
	default:
		_, err = a.out.Write(difference(file))
	}
	return err
}

// difference is a layout as patch(1) takes it. No line comes or goes, so that each
// run of lines that differ is a hunk.
func difference(file config.Layout) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", file.Name, file.Name)
	was, is := lines(file.Was), lines(file.Is)
	for at := 0; at < len(was); at++ {
		from := at
		for at < len(was) && !bytes.Equal(was[at], is[at]) {
			at++
		}
		if from == at {
			continue
		}
		fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n", from+1, at-from, from+1, at-from)
		hunk(&b, '-', was[from:at])
		hunk(&b, '+', is[from:at])
	}
	return b.Bytes()
}

func hunk(b *bytes.Buffer, sign byte, lines [][]byte) {
	for _, line := range lines {
		b.WriteByte(sign)
		b.Write(line)
		if !bytes.HasSuffix(line, []byte("\n")) {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// lines splits after each line break.
func lines(text []byte) [][]byte { return bytes.SplitAfter(text, []byte("\n")) }

// replace gives a file another text, all at once, with the mode and the owner that
// it has. A symbolic link goes on to point at it.
func replace(name string, text []byte) (err error) {
	name, err = filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(name), ".hald-fmt-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(next.Name())
		}
	}()
	_, err = next.Write(text)
	err = errors.Join(err, next.Sync(), next.Close())
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && err == nil {
		err = os.Chown(next.Name(), int(owner.Uid), int(owner.Gid))
	}
	if err == nil {
		err = os.Chmod(next.Name(), info.Mode().Perm())
	}
	if err != nil {
		return err
	}
	return os.Rename(next.Name(), name)
}
