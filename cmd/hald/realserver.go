package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/realserver"
)

func (a *app) realserver() *cobra.Command {
	var service string
	command := &cobra.Command{
		Use:   "realserver up|down|status",
		Short: "Set up a real server for direct routing or tunnels",
		Long: "On a real server: hold the virtual addresses of the virtual servers that it is\n" +
			"part of, and be silent about them. The machine is told by its own addresses among\n" +
			"those of the real servers. What is changed is remembered in the runtime folder,\n" +
			"and taken back by down. Needs CAP_NET_ADMIN.",
		Args: aCommand,
		RunE: func(*cobra.Command, []string) error { return nil }, // Args lets nothing come so far
	}
	command.PersistentFlags().StringVar(&service, "service", "", "this virtual_server alone (default all)")
	command.AddCommand(a.realserverUp(&service), a.realserverDown(&service), a.realserverStatus(&service))
	return command
}

func (a *app) realserverUp(service *string) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Take the virtual addresses, silently",
		Long: "For dr: the virtual addresses on lo, with arp_ignore=1 and arp_announce=2. For\n" +
			"tun: the tunnel's device, too. What is right already stays as it is; it may be\n" +
			"repeated at will, and after a change of the configuration. It refuses on a director\n" +
			"that could become master of one of the addresses.\n" +
			"Exit codes: 0 set up, 1 refused or failed.",
		Args: noWords,
		RunE: func(*cobra.Command, []string) error {
			role, err := a.role(*service)
			if err != nil {
				return err
			}
			if err := role.Conflict(); err != nil {
				return &exit{codeFailed, err}
			}
			return a.withRecord(func(file *realserver.File) error {
				steps, err := realserver.Up(realserver.Here{}, file, role, *service)
				a.tell(steps)
				a.note(role)
				return err
			})
		},
	}
}

func (a *app) realserverDown(service *string) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Take back what up did",
		Long: "Restore what up changed, and leave alone what was there before or what somebody\n" +
			"changed since. Only with --service the configuration is read.\n" +
			"Exit codes: 0 taken back, 1 failed.",
		Args: noWords,
		RunE: func(*cobra.Command, []string) error {
			var role realserver.Role
			if *service != "" {
				var err error
				if role, err = a.role(*service); err != nil {
					return err
				}
			}
			return a.withRecord(func(file *realserver.File) error {
				steps, err := realserver.Down(realserver.Here{}, file, role, *service)
				a.tell(steps)
				return err
			})
		},
	}
}

func (a *app) realserverStatus(service *string) *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "status",
		Short: "Show what a real server needs and has",
		Long:  "Exit codes: 0 everything is as it must be, 1 not.",
		Args:  noWords,
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("--output", output, "table", "json"); err != nil {
				return err
			}
			role, err := a.role(*service)
			if err != nil {
				return err
			}
			return a.withRecord(func(file *realserver.File) error {
				items, err := realserver.Status(realserver.Here{}, file, role, *service)
				if err != nil {
					return err
				}
				return a.showRole(role, items, output)
			})
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return command
}

// role is what the configuration wants of this machine.
func (a *app) role(service string) (realserver.Role, error) {
	views, diags := config.LoadAll(a.config)
	if diags.HasErrors() {
		a.explain(diags)
		return realserver.Role{}, &exit{code: codeFailed}
	}
	own, err := realserver.Here{}.Addresses()
	if err != nil {
		return realserver.Role{}, &exit{codeFailed, err}
	}
	host, _ := os.Hostname() // one without a name is no director by its name
	role, err := realserver.Find(views, own, host, service)
	if err != nil {
		return role, &exit{codeFailed, err}
	}
	return role, nil
}

// withRecord calls f with the record of what was changed.
func (a *app) withRecord(f func(*realserver.File) error) error {
	file, err := realserver.OpenFile(a.runtimeDir)
	if err == nil {
		defer file.Close()
		err = f(file)
	}
	var decided *exit
	if err != nil && !errors.As(err, &decided) {
		return &exit{codeFailed, err}
	}
	return err
}

func (a *app) tell(steps []realserver.Step) {
	for _, s := range steps {
		fmt.Fprintln(a.out, s)
	}
}

func (a *app) note(role realserver.Role) {
	for _, n := range role.Notes {
		fmt.Fprintf(a.out, "note: %s\n", n)
	}
}

func (a *app) showRole(role realserver.Role, items []realserver.Item, output string) error {
	ready := true
	for _, i := range items {
		ready = ready && i.OK
	}
	if output == "json" {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]any{"ready": ready, "items": append([]realserver.Item{}, items...), "notes": append([]string{}, role.Notes...)}); err != nil {
			return fmt.Errorf("write the status: %w", err)
		}
	} else {
		fmt.Fprint(a.out, a.roleTable(items))
		a.note(role)
	}
	if !ready {
		return &exit{code: codeFailed}
	}
	return nil
}

func (a *app) roleTable(items []realserver.Item) string {
	if len(items) == 0 {
		return ""
	}
	t := table{colour: a.colour(a.out)}
	t.row(plain("STATE"), plain("KIND"), plain("NAME"), plain("IS"), plain("WANTED"), plain("BY UP"), plain("FOR"))
	for _, i := range items {
		state, is, ours := cell{"ok", green}, i.Is, "no"
		if !i.OK {
			state = cell{"wrong", red}
		}
		if is == "" {
			is = "not there"
		}
		if i.Ours {
			ours = "yes"
		}
		t.row(state, plain(string(i.Kind)), plain(i.Name), plain(is), plain(i.Value), plain(ours), plain(strings.Join(i.For, " ")))
	}
	return t.String()
}
