package main

import (
	"context"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/election"
)

// workers are the parts that run in processes of their own.
var workers = map[string]func(ctx context.Context, link net.Conn) error{
	director.RoleElection: election.Run,
	director.RoleBalancer: balancer.Run,
}

// shadows are the same in a trial.
var shadows = map[string]func(ctx context.Context, link net.Conn) error{
	director.RoleElection: election.RunShadow,
	director.RoleBalancer: balancer.RunShadow,
}

func (a *app) worker() *cobra.Command {
	dry := false
	command := &cobra.Command{
		Use:       "worker ROLE",
		Short:     "One of the daemon's own processes",
		Hidden:    true,
		ValidArgs: []string{director.RoleElection, director.RoleBalancer},
		Args:      oneOfIts,
		RunE: func(command *cobra.Command, args []string) error {
			// A worker leaves when its link closes, and only then: a signal to
			// the whole group (terminal, service manager) is the director's
			// to answer, in its order. They are caught and not ignored, which the
			// programs that we run would inherit.
			signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGPIPE)
			link, err := director.Inherited()
			if err != nil {
				return err
			}
			defer link.Close()
			role, parts := args[0], workers
			if dry {
				parts = shadows
			}
			if role == director.RoleBalancer {
				// net/http tells the standard log of servers that break HTTP/2. The
				// result of the check says so already, and only when it is new.
				log.SetOutput(io.Discard)
			}
			// Without a name of its own the process would be called "exe" in
			// ps; that is all that is lost if it cannot have one.
			_ = os.WriteFile("/proc/self/comm", []byte("hald-"+role), 0)
			if err := parts[role](command.Context(), link); err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
	command.Flags().BoolVar(&dry, "dry-run", false, "touch nothing")
	return command
}
