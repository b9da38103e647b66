package director

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/event"
)

// newPage is what may be read of this life over HTTP.
func (l *life) newPage() *admin.Page {
	return admin.NewPage(&admin.Page{
		Status: l.ask, Events: l.ring.After, Ready: l.isReady, Metrics: metrics(l.ask), Positions: l.positions,
		Alive: func(ctx context.Context) error {
			_, err := l.asked(ctx, false)
			return err
		},
		Tell: func(e event.Event) { l.say(message{event: &e}) },
	})
}

// say tells the life something, if it still listens.
func (l *life) say(m message) {
	select {
	case l.messages <- m:
	case <-l.reload.ended: // nobody asks any more
	}
}

// pageSettings are a configuration's part for the page. Clients may call it by the
// names of the directors and of this host, too.
func pageSettings(c *config.Config) admin.PageSettings {
	names := append([]string{"localhost"}, c.Admin.HTTPNames...)
	for _, d := range c.Directors {
		names = append(names, strings.ToLower(d.Name))
	}
	if host, err := os.Hostname(); err == nil {
		short, _, _ := strings.Cut(host, ".")
		names = append(names, strings.ToLower(host), strings.ToLower(short))
	}
	return admin.PageSettings{Address: c.Admin.HTTP, Names: names, Peer: c.Admin.Peer}
}

// isReady answers /readyz.
func (l *life) isReady(ctx context.Context) error {
	document, err := l.ask(ctx)
	if err != nil {
		return err
	}
	if text := document.(Document).NotReady; text != "" {
		return errors.New(text)
	}
	return nil
}

// notReady is what keeps the daemon from doing its work; empty: nothing does.
func (l *life) notReady(services []balancer.Status) string {
	for _, role := range []string{RoleElection, RoleBalancer} {
		if !l.working[role] {
			return "the " + role + " process is starting"
		}
	}
	for _, s := range services {
		if s.Error != "" {
			return "virtual server " + s.Name + ": " + s.Error
		}
	}
	return ""
}
