package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/vrrp"
)

const (
	lookEvery = 50 * time.Millisecond
	patience  = 2 * time.Minute // beyond two of the longest intervals
)

func (a *app) handover() *cobra.Command {
	var length time.Duration
	command := &cobra.Command{
		Use:   "handover [INSTANCE...]",
		Short: "Let the peer become master, and stay backup",
		Long: "Let the peer become master of these instances, of all without a name. The\n" +
			"addresses are kept until the peer has them. This director then stands by: it stays\n" +
			"backup, whatever the priorities, until the peer fails, `hald takeback`, or the end\n" +
			"of --for. That survives reload, restart and reboot.\n" +
			"Exit codes: 0 the peer is master, 1 nobody took over and this one stays master.",
		RunE: func(command *cobra.Command, names []string) error {
			if length < 0 {
				return fmt.Errorf("--for %v is no length of time", length)
			}
			return a.handOver(command.Context(), director.HandoverOrder{Instances: names, For: length})
		},
	}
	command.Flags().DurationVar(&length, "for", 0, "stand by so long, such as 90m (default until takeback)")
	return command
}

func (a *app) takeback() *cobra.Command {
	return &cobra.Command{
		Use:   "takeback [INSTANCE...]",
		Short: "End what handover began: priorities count again",
		Long: "End what handover began, for these instances, for all without a name: a director\n" +
			"of higher priority takes the addresses back at the next election.\n" +
			"Exit codes: 0 told, 1 no daemon.",
		RunE: func(command *cobra.Command, names []string) error {
			if err := a.takeBack(command.Context(), names); err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
}

// takeBack gives the order and waits until it is kept.
func (a *app) takeBack(ctx context.Context, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := admin.Client{Socket: a.adminSocket()}
	if err := client.Order(ctx, "takeback", director.HandoverOrder{Instances: names}); err != nil {
		return err
	}
	d, err := awaited(ctx, client, func(d director.Document) (bool, error) {
		standing := slices.ContainsFunc(d.VRRPInstances, func(s election.Status) bool {
			return s.Standby != nil && (len(names) == 0 || slices.Contains(names, s.Name))
		})
		return !standing && d.Settled(), nil
	})
	if err == nil {
		a.warnUnkept(d)
	}
	return err
}

// handOver gives the order and watches what becomes of each instance that is
// master here.
func (a *app) handOver(ctx context.Context, order director.HandoverOrder) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := admin.Client{Socket: a.adminSocket()}
	before, err := documentFrom(ctx, client)
	if err != nil {
		return &exit{codeFailed, err}
	}
	began := time.Now()
	if err := client.Order(ctx, "handover", order); err != nil {
		return &exit{codeFailed, err}
	}
	var refused []string
	for _, b := range before.VRRPInstances {
		if len(order.Instances) > 0 && !slices.Contains(order.Instances, b.Name) {
			continue
		}
		after, err := settled(ctx, client, b.Name, began)
		switch {
		case err != nil:
			return &exit{codeFailed, fmt.Errorf("%s: %w", b.Name, err)}
		case after.State == vrrp.Master.String():
			refused = append(refused, b.Name)
			fmt.Fprintf(a.out, "%s: nobody took over; this director stays master\n", b.Name)
		case b.State != vrrp.Master.String():
			fmt.Fprintf(a.out, "%s: was not master here; the master is %s\n", b.Name, orDash(after.Master))
		default:
			fmt.Fprintf(a.out, "%s: %s is master\n", b.Name, orDash(after.Master))
		}
	}
	if len(refused) > 0 {
		return &exit{codeFailed, fmt.Errorf("not handed over: %s", strings.Join(refused, ", "))}
	}
	if d, err := documentFrom(ctx, client); err == nil {
		a.warnUnkept(d)
	}
	return nil
}

// settled waits until an instance stands by and that is kept, or has refused
// since.
func settled(ctx context.Context, client admin.Client, name string, began time.Time) (now election.Status, err error) {
	_, err = awaited(ctx, client, func(d director.Document) (bool, error) {
		i := slices.IndexFunc(d.VRRPInstances, func(s election.Status) bool { return s.Name == name })
		if i < 0 {
			return false, errors.New("the daemon no longer knows this instance")
		}
		now = d.VRRPInstances[i]
		if now.State == vrrp.Master.String() {
			refused := now.Reason == vrrp.ReasonRefused && now.Since.After(began)
			return refused || now.EffectivePriority == vrrp.Owner, nil // which does not even try
		}
		return now.Standby != nil && d.Settled(), nil
	})
	return now, err
}
