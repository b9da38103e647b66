package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// noWords is for a command that takes none. Who gave it a file meant the configuration.
func noWords(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if _, err := os.Stat(args[0]); err == nil {
		return fmt.Errorf("%s takes no file: name the configuration with -c %s", called(command), args[0])
	}
	return fmt.Errorf("%s takes no %q", called(command), args[0])
}

// itsWords is for a command that takes just the words of its usage line.
func itsWords(command *cobra.Command, args []string) error {
	words := strings.Fields(command.Use)[1:]
	switch {
	case len(args) < len(words):
		return fmt.Errorf("%s lacks %s", called(command), strings.Join(words[len(args):], " and "))
	case len(args) > len(words):
		return fmt.Errorf("%s takes no more than %s: %q is one too many", called(command), strings.Join(words, " "), args[len(words)])
	}
	return nil
}

// oneOfIts is for a command that takes one of the words that it completes.
func oneOfIts(command *cobra.Command, args []string) error {
	if err := itsWords(command, args); err != nil {
		return err
	}
	if slices.Contains(command.ValidArgs, args[0]) {
		return nil
	}
	return fmt.Errorf("%s takes no %q: use %s", called(command), args[0], strings.Join(command.ValidArgs, ", "))
}

// aCommand is for a command that is a group of others, of which none was named.
func aCommand(command *cobra.Command, args []string) error {
	if err := itsWords(command, args); err != nil {
		return err
	}
	var names []string
	for _, c := range command.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("%s takes no %q: use %s", called(command), args[0], strings.Join(names, ", "))
}

// files is for a command that takes one file at least.
func files(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s lacks a FILE", called(command))
	}
	return nil
}

// called is how a message calls a command: by its words after "hald".
func called(command *cobra.Command) string {
	return strings.TrimPrefix(command.CommandPath(), command.Root().Name()+" ")
}
