//go:build linux

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// shop is a script that tells the page another story than the daemon's.
//
//go:embed shop.js
var shop string

// step is something that happens, and what the page has to show then.
type step struct {
	name string
	play func(ctx context.Context, p *pair, b *browser, pictures string) error
}

// saying is whether the text of an element has a part.
func saying(selector, part string) string {
	return fmt.Sprintf("[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))", selector, part)
}

// views are what both directors are, as the page shows it.
func views(ours, theirs string) string {
	return fmt.Sprintf("[...document.querySelectorAll('[data-instance=shop] .pill')].map(e => e.innerText).join() === %q", ours+","+theirs)
}

// graphs is whether each service's graph is drawn of as many points as it remembers, scaled by the
// highest, and says the newest rate, which stands beside it.
const graphs = `(s => s.length === 3 && s.every(e => {
  const graph = e.querySelector('.graph svg'), now = e.querySelector('.graph b').innerText, told = /now (\d+), at most (\d+)$/.exec(graph.getAttribute('aria-label'));
  const heights = graph.querySelector('.trace').getAttribute('d').split('L').map(p => Number(p.split(' ').pop()));
  return told[1] === now && heights.length === 120 && Math.min(...heights) === (told[2] === '0' ? 35 : 2);
}))([...document.querySelectorAll('[data-service]')])`

const alive = "document.getElementById('live').className === 'live'"

var steps = []step{
	{"the page shows both directors", func(_ context.Context, p *pair, b *browser, _ string) error {
		if err := b.visit("", screen{1280, 900, 1, false, "light"}); err != nil {
			return err
		}
		if err := b.until("lb1 is master and lb2 backup", views("master", "backup")); err != nil {
			return err
		}
		if err := b.until("why", saying(".view", "lb1 has the higher priority 150")); err != nil {
			return err
		}
		_, err := b.eval("window.kept = 'still here'") // until the page is loaded again
		return err
	}},
	{"a hand-over is shown, with the event", func(_ context.Context, p *pair, b *browser, _ string) error {
		if err := call(p.command("lb1", "handover")); err != nil {
			return err
		}
		if err := b.until("lb1 is backup and lb2 master", views("backup", "master")); err != nil {
			return err
		}
		if err := b.until("that it stands by", saying(".view", "standing by")); err != nil {
			return err
		}
		return b.until("the event", saying(".event", "vrrp.transition"))
	}},
	{"a peer that stops is shown, and who takes over", func(_ context.Context, p *pair, b *browser, _ string) error {
		p.stop("lb2")
		if err := b.until("the peer is not seen", saying(".banner", "does not show its view: connect: connection refused")); err != nil {
			return err
		}
		return b.until("lb1 is master", views("master", "not seen"))
	}},
	{"a peer that returns is shown", func(_ context.Context, p *pair, b *browser, _ string) error {
		if err := p.start("lb2"); err != nil {
			return err
		}
		return b.until("lb2 is backup", views("master", "backup"))
	}},
	{"a daemon that is away is shown, and its return", func(_ context.Context, p *pair, b *browser, _ string) error {
		p.stop("lb1")
		if err := b.until("no news", saying("#live", "what is shown is old")); err != nil {
			return err
		}
		if err := p.start("lb1"); err != nil {
			return err
		}
		if err := b.until("it is live", alive); err != nil {
			return err
		}
		return b.until("lb1 is master again", views("master", "backup"))
	}},
	{"all that without loading the page again", func(_ context.Context, _ *pair, b *browser, _ string) error {
		kept, err := b.eval("window.kept")
		if err == nil && kept != "still here" {
			err = errors.New("the page was loaded again")
		}
		return err
	}},
	{"nothing was refused by the page's policy, nothing was thrown", quiet},
	{"names that try to be markup are text", func(_ context.Context, _ *pair, b *browser, _ string) error {
		if _, err := b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": shop}); err != nil {
			return err
		}
		if err := b.visit("?evil", screen{1280, 900, 1, false, "light"}); err != nil {
			return err
		}
		if err := b.until("the story", "window.told === true && document.querySelectorAll('.row .name').length > 5"); err != nil {
			return err
		}
		if err := b.until("a notifier that fails", saying(".banner", "does not get through")); err != nil {
			return err
		}
		if err := b.until("the names as they are", saying(".row .name", "<img src=x onerror=")); err != nil {
			return err
		}
		if made, err := b.eval("document.querySelectorAll('main img, main script, main b.x').length + (window.broken || 0)"); err != nil || made != 0.0 {
			return fmt.Errorf("a name became markup: %v, %v", made, err)
		}
		return nil
	}},
	{"who drained a server, since when and until when, and why a check gives no weight", func(_ context.Context, _ *pair, b *browser, _ string) error {
		if err := b.visit("", screen{1280, 900, 1, false, "light"}); err != nil {
			return err
		}
		if err := b.until("the order", "/^drained by uid 1000, pid 4711 for 1\\d min \\d+ s, until \\d\\d:\\d\\d:\\d\\d$/.test(document.querySelector('.order')?.innerText)"); err != nil {
			return err
		}
		return b.until("the check", saying(".checks", "http says no weight: the answer has no header X-Load-Weight"))
	}},
	{"on a desk, by day", picture("page.png", screen{1280, 1590, 1, false, "light"})},
	{"each graph has two minutes of the rates that were told", func(_ context.Context, _ *pair, b *browser, _ string) error {
		return b.until("120 points, the highest at the top, the newest in words", graphs)
	}},
	{"on a phone, by night", picture("page-phone.png", screen{390, 1240, 1.5, true, "dark"})},
	{"nothing is wider than a small phone", func(_ context.Context, _ *pair, b *browser, _ string) error {
		if err := b.visit("?evil", screen{320, 700, 2, true, "dark"}); err != nil {
			return err
		}
		if err := b.until("the story", "window.told === true"); err != nil {
			return err
		}
		return b.until("all of its width", "document.documentElement.scrollWidth <= 320")
	}},
	{"and still nothing was refused or thrown", quiet},
}

// quiet fails if the page complained: the network's complaints of a daemon that was
// away are expected.
func quiet(_ context.Context, _ *pair, b *browser, _ string) error {
	for _, fault := range b.faults {
		if !strings.Contains(fault, `"source":"network"`) {
			return errors.New(fault)
		}
	}
	b.faults = nil
	return nil
}

func picture(name string, s screen) func(context.Context, *pair, *browser, string) error {
	return func(_ context.Context, _ *pair, b *browser, pictures string) error {
		if err := b.visit("", s); err != nil {
			return err
		}
		if err := b.until("the story", "window.told === true && document.querySelectorAll('.view').length === 4 && getComputedStyle(document.getElementById('page')).opacity === '1'"); err != nil {
			return err
		}
		if pictures == "" {
			return nil
		}
		if err := os.MkdirAll(pictures, 0o755); err != nil {
			return err
		}
		return b.picture(filepath.Join(pictures, name))
	}
}

// screen is what the page is looked at with.
type screen struct {
	width, height int
	density       float64
	mobile        bool
	scheme        string // light, dark
}

// visit loads the page of lb1.
func (b *browser) visit(query string, s screen) error {
	for method, params := range map[string]any{
		"Emulation.setDeviceMetricsOverride": map[string]any{"width": s.width, "height": s.height, "deviceScaleFactor": s.density, "mobile": s.mobile},
		"Emulation.setEmulatedMedia":         map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": s.scheme}}},
	} {
		if _, err := b.call(method, params); err != nil {
			return err
		}
	}
	var r struct{ ErrorText string }
	if err := b.ask("Page.navigate", map[string]any{"url": "http://" + addresses["lb1"] + ":" + port + "/" + query}, &r); err != nil {
		return err
	}
	if r.ErrorText != "" {
		return errors.New(r.ErrorText)
	}
	return nil
}
