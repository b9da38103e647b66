package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/director"
)

// completing has a shell complete a command's arguments with names that the running daemon
// has, with none where no daemon answers.
func (a *app) completing(command *cobra.Command, names func(d director.Document, given []string) []string) *cobra.Command {
	command.ValidArgsFunction = func(command *cobra.Command, given []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(command.Context(), time.Second)
		defer cancel()
		d, err := documentFrom(ctx, admin.Client{Socket: a.adminSocket()})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(d, given), cobra.ShellCompDirectiveNoFileComp
	}
	return command
}

// serviceThenServer names the services, and then the servers of the one that is given.
func serviceThenServer(d director.Document, given []string) (names []string) {
	for _, s := range d.VirtualServers {
		switch {
		case len(given) == 0:
			names = append(names, s.Name)
		case len(given) == 1 && s.Name == given[0]:
			for _, r := range s.RealServers {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// otherInstances names the instances that are not given yet.
func otherInstances(d director.Document, given []string) (names []string) {
	for _, i := range d.VRRPInstances {
		if !slices.Contains(given, i.Name) {
			names = append(names, i.Name)
		}
	}
	return names
}
