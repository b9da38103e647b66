package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/config"
)

// standardInput is how standard input is named on the command line and in messages.
const standardInput = "-"

// fmtFlags say what is done with a file that is not laid out.
type fmtFlags struct{ write, check, diff bool }

func (a *app) format() *cobra.Command {
	var do fmtFlags
	command := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Show or write the canonical layout of the configuration",
		Long: "Lay out the files, and the .hcl files of the folders, that are named (default: those of\n" +
			"--config). Only the space between words changes, never what the text means.\n\n" +
			"By itself it shows the difference and changes nothing. With -w it writes the files and\n" +
			"lists those that it changed; with --check it lists those that it would change; --diff\n" +
			"shows the difference besides. PATH - is standard input, which goes to standard output laid out.\n" +
			"Exit codes: 0 done; 1 a file cannot be read or does not parse, or with --check something\n" +
			"would change; 2 usage.",
		RunE: func(command *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				paths = []string{a.config}
			}
			piped := slices.Contains(paths, standardInput)
			switch {
			case do.write && do.check:
				return errors.New("-w and --check exclude each other")
			case piped && len(paths) > 1:
				return errors.New("standard input is laid out alone: name no other PATH beside -")
			case piped && do.write:
				return errors.New("standard input cannot be written: leave -w out")
			}
			files, err := a.layouts(paths, command.InOrStdin())
			changed := 0
			for _, file := range files {
				if !file.Changed() && file.Name != standardInput {
					continue
				}
				if file.Changed() {
					changed++
				}
				if fail := a.formatted(file, do); fail != nil {
					err = &exit{codeFailed, fail}
				}
			}
			if err == nil && do.check && changed > 0 {
				return &exit{code: codeFailed}
			}
			return err
		},
	}
	command.Flags().BoolVarP(&do.write, "write", "w", false, "write the files")
	command.Flags().BoolVar(&do.check, "check", false, "list the files that would change, and exit with 1 if there are any")
	command.Flags().BoolVarP(&do.diff, "diff", "d", false, "show the difference, with -w and --check too")
	return command
}

// layouts lays out what can be, and says what is wrong with the rest.
func (a *app) layouts(paths []string, input io.Reader) (files []config.Layout, err error) {
	for _, path := range paths {
		var some []config.Layout
		var diags config.Diagnostics
		if path == standardInput {
			text, err := io.ReadAll(input)
			if err != nil {
				return nil, &exit{codeFailed, fmt.Errorf("read standard input: %w", err)}
			}
			var file config.Layout
			if file, diags = config.FormatText(standardInput, text); !diags.HasErrors() {
				some = append(some, file)
			}
		} else {
			some, diags = config.Format(path)
		}
		files = append(files, some...)
		a.explain(diags)
		if diags.HasErrors() {
			err = &exit{code: codeFailed}
		}
	}
	return files, err
}

// formatted does with one file what was asked for.
func (a *app) formatted(file config.Layout, do fmtFlags) error {
	if file.Name == standardInput && !do.check && !do.diff {
		_, err := a.out.Write(file.Is)
		return err
	}
	if !file.Changed() {
		return nil
	}
	if do.write {
		if err := replace(file.Name, file.Is); err != nil {
			return err
		}
	}
	if do.write || do.check {
		if _, err := fmt.Fprintln(a.out, file.Name); err != nil {
			return err
		}
		if !do.diff {
			return nil
		}
	}
	_, err := a.out.Write(difference(file))
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
