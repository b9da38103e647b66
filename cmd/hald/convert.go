package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/convert"
)

func (a *app) convert() *cobra.Command {
	var names []string
	var cluster, from, report, output string
	command := &cobra.Command{
		Use:   "convert FILE...",
		Short: "Make a configuration of keepalived's, or of ipvsadm's table",
		Long: "Make one configuration of a cluster of the keepalived configurations of its directors, one\n" +
			"file a director, or one for all: lines that begin with @ are taken by the directors' names.\n" +
			"The configuration goes to standard output; what was lost, what keepalived would have\n" +
			"rewritten silently, and what is worth a look goes to standard error, with file and line.\n" +
			"The table that `ipvsadm -Sn` saves is converted as well, - for standard input.\n" +
			"Look at it, then let `hald check --all` and `hald simulate` look at the result.\n" +
			"Exit codes: 0 converted; 1 something was lost, or a file cannot be read; 2 usage.",
		Example: "  hald convert lb1/keepalived.conf lb2/keepalived.conf --as lb1 --as lb2 > cluster.hcl\n" +
			"  ipvsadm -Sn | hald convert - > cluster.hcl",
		Args: files,
		RunE: func(command *cobra.Command, args []string) error {
			if err := oneOf("--from", from, "auto", "keepalived", "ipvsadm"); err != nil {
				return err
			}
			saved, err := savedTable(command.InOrStdin(), args, from)
			if err != nil {
				return err
			}
			inputs, err := inputs(args, names)
			if err != nil {
				return err
			}
			var written []byte
			var findings *convert.Report
			if saved != "" {
				written, findings = convert.Ipvsadm(cluster, directorsOf(inputs), args[0], saved)
			} else if written, findings, err = convert.Keepalived(cluster, inputs); err != nil {
				return &exit{codeFailed, fmt.Errorf("convert: %w", err)}
			}
			return a.converted(written, findings, output, report)
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&names, "as", nil, "the directors' names, in the order of the files (default lb1, lb2, …)")
	flags.StringVar(&cluster, "cluster", "cluster", "the cluster's name")
	flags.StringVar(&from, "from", "auto", "what the files are: keepalived, ipvsadm, or auto to look at them")
	flags.StringVarP(&output, "output", "o", "", "write the configuration to a file that is not there yet")
	flags.StringVar(&report, "report", "", "write the report to a file")
	return command
}

// savedTable is the table that ipvsadm saved; empty where the files are keepalived's.
func savedTable(input io.Reader, files []string, from string) (text string, err error) {
	if from == "keepalived" {
		return "", nil
	}
	var read []byte
	if files[0] == standardInput {
		read, err = io.ReadAll(input)
	} else {
		read, err = os.ReadFile(files[0])
	}
	switch {
	case err != nil:
		return "", &exit{codeFailed, fmt.Errorf("convert: %w", err)}
	case from == "ipvsadm" || convert.IsIpvsadm(string(read)):
		if len(files) > 1 {
			return "", errors.New("the table of ipvsadm is one file")
		}
		return string(read) + "\n", nil
	case files[0] == standardInput:
		return "", &exit{codeFailed, errors.New("convert: standard input is not what ipvsadm -Sn says; keepalived's files are read by their names")}
	}
	return "", nil
}

// directorsOf are the names of the directors.
func directorsOf(inputs []convert.Input) (names []string) {
	for _, in := range inputs {
		names = append(names, in.Director)
	}
	return names
}

// inputs gives each file its director, or one file to all of them.
func inputs(files, names []string) (all []convert.Input, err error) {
	switch {
	case len(names) == 0:
		for i := range files {
			names = append(names, fmt.Sprintf("lb%d", i+1))
		}
	case len(files) == 1:
		for len(files) < len(names) {
			files = append(files, files[0])
		}
	case len(files) != len(names):
		return nil, fmt.Errorf("there are %d files and %d names in --as: each file is a director's", len(files), len(names))
	}
	seen := map[string]bool{}
	for i, name := range names {
		if name == "" || seen[name] || strings.ContainsAny(name, "/ \t\n") {
			return nil, fmt.Errorf("--as %q is no name of a director, or is there twice", name)
		}
		seen[name] = true
		all = append(all, convert.Input{Director: name, Path: files[i]})
	}
	return all, nil
}

// converted writes the configuration and the report to where they belong.
func (a *app) converted(written []byte, findings *convert.Report, output, report string) (err error) {
	if output == "" {
		_, err = a.out.Write(written)
	} else {
		err = fresh(output, written)
	}
	if err != nil {
		return &exit{codeFailed, fmt.Errorf("write the configuration: %w", err)}
	}
	if report == "" {
		_, err = fmt.Fprint(a.err, findings)
	} else {
		err = os.WriteFile(report, []byte(findings.String()), 0o644)
	}
	if err != nil {
		return &exit{codeFailed, fmt.Errorf("write the report: %w", err)}
	}
	if findings.Losses() > 0 {
		return &exit{code: codeFailed}
	}
	return nil
}

// fresh writes a file that is not there yet. There may be passwords in it.
func fresh(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = file.Write(text); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
