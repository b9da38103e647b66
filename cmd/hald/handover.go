package main

import (
	"context"
	"encoding/json"
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
			"addresses are kept until the peer has them. This director then stays backup,\n" +
			"whatever the priorities, until the peer fails, `hald takeback`, or the end of --for.\n" +
			"Exit codes: 0 the peer is master, 1 nobody took over and this one stays master.",
		RunE: func(command *cobra.Command, names []string) error {
			if length < 0 {
				return fmt.Errorf("--for %v is no length of time", length)
			}
			return a.handOver(command.Context(), director.HandoverOrder{Instances: names, For: length})
		},
	}
	command.Flags().DurationVar(&length, "for", 0, "stay backup so long (default until takeback)")
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
			client := admin.Client{Socket: a.adminSocket()}
			if err := client.Order(command.Context(), "takeback", director.HandoverOrder{Instances: names}); err != nil {
				return &exit{codeFailed, err}
			}
			return nil
		},
	}
}

// handOver gives the order and watches what becomes of each instance that is
// master here.
func (a *app) handOver(ctx context.Context, order director.HandoverOrder) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := admin.Client{Socket: a.adminSocket()}
	before, err := instances(ctx, client)
	if err != nil {
		return &exit{codeFailed, err}
	}
	began := time.Now()
	if err := client.Order(ctx, "handover", order); err != nil {
		return &exit{codeFailed, err}
	}
	var refused []string
	for _, b := range before {
		if len(order.Instances) > 0 && !slices.Contains(order.Instances, b.Name) {
			continue
		}
		if b.State != vrrp.Master.String() {
			fmt.Fprintf(a.out, "%s: not master here; the master is %s\n", b.Name, orDash(b.Master))
			continue
		}
		after, err := settled(ctx, client, b, began)
		switch {
		case err != nil:
			return &exit{codeFailed, err}
		case after.State == vrrp.Master.String():
			refused = append(refused, b.Name)
			fmt.Fprintf(a.out, "%s: nobody took over; this director stays master\n", b.Name)
		default:
			fmt.Fprintf(a.out, "%s: %s is master\n", b.Name, orDash(after.Master))
		}
	}
	if len(refused) > 0 {
		return &exit{codeFailed, fmt.Errorf("not handed over: %s", strings.Join(refused, ", "))}
	}
	return nil
}

// settled waits until an instance is no longer master, or has refused since.
func settled(ctx context.Context, client admin.Client, b election.Status, began time.Time) (election.Status, error) {
	for {
		now, err := instances(ctx, client)
		if err != nil {
			return b, err
		}
		i := slices.IndexFunc(now, func(s election.Status) bool { return s.Name == b.Name })
		if i < 0 {
			return b, fmt.Errorf("the daemon no longer knows the instance %s", b.Name)
		}
		refused := now[i].Reason == vrrp.ReasonRefused && now[i].Since.After(began)
		if now[i].State != vrrp.Master.String() || refused {
			return now[i], nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return b, fmt.Errorf("%s: no word from the election: %w", b.Name, ctx.Err())
		}
	}
}

// instances asks the daemon for its instances.
func instances(ctx context.Context, client admin.Client) ([]election.Status, error) {
	answer, err := client.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("no daemon answers: %w", err)
	}
	var d director.Document
	if err := json.Unmarshal(answer, &d); err != nil {
		return nil, fmt.Errorf("understand the daemon's answer (is it another version?): %w", err)
	}
	return d.VRRPInstances, nil
}
