package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/ipvsctl"
)

// cleanupBound is how long cleaning up may take beyond one advertisement
// interval.
const cleanupBound = 10 * time.Second

func (a *app) cleanup() *cobra.Command {
	keep := false
	command := &cobra.Command{
		Use:   "cleanup",
		Short: "Remove what a dead daemon left behind",
		Long: "Remove the virtual addresses and the IPVS services that a dead daemon left\n" +
			"behind. It refuses while a daemon is running. With --keep-services, as between\n" +
			"two runs of the daemon (ExecStopPost), connections go on; where the\n" +
			"configuration has clear_on_stop the services are removed all the same.\n" +
			"Exit codes: 0 clean, 1 failed or refused.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := a.loadValid(config.LoadElsewhere, codeFailed) // it runs nothing
			if err != nil {
				return err
			}
			if err := a.clean(command.Context(), c, keep && !c.IPVS.ClearOnStop); err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
	command.Flags().BoolVar(&keep, "keep-services", false, "leave the IPVS services to the next start")
	return command
}

// clean releases the addresses first: as long as they are here the kernel
// should know where to send what arrives.
func (a *app) clean(ctx context.Context, c *config.Config, keepServices bool) error {
	part := director.ElectionConfig(c)
	bound := cleanupBound
	for _, i := range part.Instances {
		bound = max(bound, cleanupBound+i.Interval)
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	unlock, err := director.LockAll(ctx, a.runtimeDir)
	if err != nil {
		return err
	}
	defer unlock()

	// Nobody is known to have been master; the mark on an address says it.
	addressErr := election.Cleanup(ctx, part, nil)
	if addressErr != nil {
		addressErr = fmt.Errorf("release addresses: %w", addressErr)
	}
	deleted, serviceErr := ipvsctl.CleanUp(ipvsctl.Open, director.Record(a.runtimeDir), keepServices)
	if serviceErr != nil {
		serviceErr = fmt.Errorf("remove services: %w", serviceErr)
	}
	for _, key := range deleted {
		fmt.Fprintf(a.out, "removed service %s\n", key)
	}
	return errors.Join(addressErr, serviceErr)
}
