package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/director"
)

const survives = "That survives reload, restart and reboot, and goes before the configuration."

func (a *app) drain() *cobra.Command {
	var length time.Duration
	command := &cobra.Command{
		Use:   "drain SERVICE SERVER",
		Short: "Let a real server finish its connections and take it out",
		Long: "Give a real server no new connections, and take it out of the kernel's table when\n" +
			"none is left or the service's drain time is over, until `hald enable` or the end\n" +
			"of --for. It is still checked. " + survives + "\n" +
			"Exit codes: 0 done, 1 refused or no daemon.",
		Args: itsWords,
		RunE: func(command *cobra.Command, args []string) error {
			return a.override(command.Context(), "drain", director.OverrideOrder{Service: args[0], Server: args[1], For: length})
		},
	}
	command.Flags().DurationVar(&length, "for", 0, "so long, such as 90m (default until enable)")
	return command
}

func (a *app) weight() *cobra.Command {
	var length time.Duration
	command := &cobra.Command{
		Use:   "weight SERVICE SERVER WEIGHT",
		Short: "Give a real server another weight",
		Long: "Give a real server another weight than the configured one, 0 to 65535 (0: no new\n" +
			"connections), until `hald enable` or the end of --for. Its checks still count.\n" +
			survives + "\n" +
			"Exit codes: 0 done, 1 refused or no daemon.",
		Args: itsWords,
		RunE: func(command *cobra.Command, args []string) error {
			weight, err := strconv.ParseUint(args[2], 10, 16)
			if err != nil {
				return fmt.Errorf("%q is no weight, 0 to 65535", args[2])
			}
			return a.override(command.Context(), "weight", director.OverrideOrder{Service: args[0], Server: args[1], Weight: int(weight), For: length})
		},
	}
	command.Flags().DurationVar(&length, "for", 0, "so long, such as 90m (default until enable)")
	return command
}

func (a *app) enable() *cobra.Command {
	return &cobra.Command{
		Use:   "enable SERVICE SERVER",
		Short: "End drain or weight: the configuration counts again",
		Long: "End what `hald drain` or `hald weight` began: the server is as the configuration and\n" +
			"its checks want it.\n" +
			"Exit codes: 0 done, 1 refused or no daemon.",
		Args: itsWords,
		RunE: func(command *cobra.Command, args []string) error {
			return a.override(command.Context(), "enable", director.OverrideOrder{Service: args[0], Server: args[1]})
		},
	}
}

// override gives the order and waits until it is in force and on the disk.
func (a *app) override(ctx context.Context, name string, order director.OverrideOrder) error {
	if order.For < 0 {
		return fmt.Errorf("--for %v is no length of time", order.For)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := admin.Client{Socket: a.adminSocket()}
	if err := client.Order(ctx, name, order); err != nil {
		return &exit{codeFailed, err}
	}
	d, err := awaited(ctx, client, func(d director.Document) (bool, error) { return d.Settled(), nil })
	if err != nil {
		return &exit{codeFailed, err}
	}
	now := slices.IndexFunc(d.Overrides, func(o balancer.Override) bool { return o.Service == order.Service && o.Server == order.Server })
	if now < 0 {
		fmt.Fprintf(a.out, "%s %s: as configured\n", order.Service, order.Server)
	} else {
		fmt.Fprintf(a.out, "%s %s: %s%s\n", order.Service, order.Server, d.Overrides[now].Word(), until(d.Overrides[now].Until, ", until "))
	}
	a.warnUnkept(d)
	return nil
}
