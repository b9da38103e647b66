package main

import (
	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/director"
)

func (a *app) logLevelOrder() *cobra.Command {
	return &cobra.Command{
		Use:   "log-level debug|info|warn|error",
		Short: "Give the log of the running daemon another level",
		Long: "Give the log of the running daemon another level: that of all its processes, which have\n" +
			"one log. It holds until the daemon is started again, or a reload brings another level;\n" +
			"`hald status` shows it until then. Events have their level by their name, and `hald\n" +
			"events` shows those of all levels.\n" +
			"Exit codes: 0 done, 1 refused or no daemon.",
		Args:      oneOfIts,
		ValidArgs: director.LogLevels,
		RunE: func(command *cobra.Command, args []string) error {
			if err := (admin.Client{Socket: a.adminSocket()}).Order(command.Context(), "log-level", director.LogLevelOrder{Level: args[0]}); err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
}
