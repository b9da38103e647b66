package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

func (a *app) scan() *cobra.Command {
	var name, output string
	var length time.Duration
	command := &cobra.Command{
		Use:   "scan -i INTERFACE",
		Short: "List the VRRP routers heard on a link",
		Long: "Listen on a link and list every virtual router that is heard: which virtual\n" +
			"router ids are taken, and what their masters say. Only masters speak. It sends\n" +
			"nothing, and needs CAP_NET_RAW.\n" +
			"Exit codes: 0 listened, whatever was heard; 1 it could not listen.",
		Args: noWords,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := oneOf("--output", output, "table", "json"); err != nil {
				return err
			}
			if length <= 0 {
				return fmt.Errorf("--for %v is no length of time", length)
			}
			routers, err := listen(command.Context(), name, length)
			if err != nil {
				return &exit{codeFailed, err}
			}
			if output == "json" {
				return json.NewEncoder(a.out).Encode(routers)
			}
			fmt.Fprint(a.out, routerTable(routers))
			return nil
		},
	}
	command.Flags().StringVarP(&name, "interface", "i", "", "the link to listen on")
	command.Flags().DurationVar(&length, "for", 5*time.Second, "how long to listen")
	command.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	if err := command.MarkFlagRequired("interface"); err != nil {
		panic(err)
	}
	return command
}

// router is what one sender says of one virtual router.
type router struct {
	VRID       uint8    `json:"vrid"`
	Source     string   `json:"source"`
	Version    uint8    `json:"version"`
	Priority   uint8    `json:"priority"`
	IntervalMS float64  `json:"interval_ms"`
	Checksum   string   `json:"checksum,omitempty"` // its form, where there are two: in version 3 over IPv4
	Addresses  []string `json:"virtual_addresses"`
	Adverts    int      `json:"adverts"`
	Discard    string   `json:"discard,omitempty"` // why receivers ignore it
}

// listen collects what is heard on a link for a while: the newest word of every
// sender on every virtual router.
func listen(ctx context.Context, name string, length time.Duration) ([]router, error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	type key struct {
		vrid   uint8
		source string
	}
	heard := map[key]router{}
	err = vrrp.Scan(ctx, ifi, func(s vrrp.Sighting) {
		k := key{s.VRID, s.Source.String()}
		r := router{
			VRID: s.VRID, Source: k.source, Version: s.Version, Priority: s.Priority, IntervalMS: event.Milliseconds(s.Interval),
			Addresses: []string{}, Adverts: heard[k].Adverts + 1, Discard: string(s.Discard),
		}
		if s.Version == 3 && s.Source.Is4() {
			r.Checksum = s.Checksum.String()
		}
		for _, v := range s.Addresses {
			r.Addresses = append(r.Addresses, v.String())
		}
		heard[k] = r
	})
	routers := make([]router, 0, len(heard))
	for _, r := range heard {
		routers = append(routers, r)
	}
	slices.SortFunc(routers, func(a, b router) int {
		return cmp.Or(cmp.Compare(a.VRID, b.VRID), cmp.Compare(a.Source, b.Source))
	})
	return routers, err
}

func routerTable(routers []router) string {
	if len(routers) == 0 {
		return "No VRRP router was heard. What this machine itself sends is not heard here.\n"
	}
	t := table{}
	t.row(heading("VRID", "FROM", "VERSION", "PRIORITY", "INTERVAL", "CHECKSUM", "ADVERTS", "ADDRESSES", "IGNORED FOR")...)
	for _, r := range routers {
		t.row(number(int(r.VRID)), plain(r.Source), number(int(r.Version)), number(int(r.Priority)),
			plain(time.Duration(r.IntervalMS*float64(time.Millisecond)).String()), plain(cmp.Or(r.Checksum, "-")), number(r.Adverts), plain(strings.Join(r.Addresses, " ")), plain(r.Discard))
	}
	return t.String()
}
