package netif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

const (
	eventBuffer  = 8 << 20          // bytes of unread announcements before the kernel drops some
	listEvery    = 30 * time.Second // whole listing, in case an announcement never came
	reopenPause  = 100 * time.Millisecond
	deliverPause = 2 * time.Millisecond // between two snapshots: a storm is not worth one for each change
	listedBuffer = 1 << 20
)

// Watcher follows the links, the addresses and our routes of a network namespace. The zero
// value is ready to use; one Run at a time.
type Watcher struct {
	eventBuffer int           // bytes; 0: the default
	listEvery   time.Duration // 0: the default
	overflows   atomic.Uint64
}

// Overflows counts how often the kernel dropped announcements because they were
// not read in time. Each was overcome by a new listing. Any goroutine may ask.
func (w *Watcher) Overflows() uint64 { return w.overflows.Load() }

// Run delivers a snapshot at once and then whenever one differs from the last
// delivered. It never waits for its consumer: while out is not read, newer
// snapshots take the place of older ones. The namespace is that of the
// calling thread. Run returns nil when ctx ends, and an error only if
// the first subscription or listing fails; later ones are tried again.
func (w *Watcher) Run(ctx context.Context, out chan<- Links) error {
	var delivered Links
	for {
		err := w.session(ctx, out, &delivered)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, unix.ENOBUFS): // announcements were lost: begin again with a new listing
			w.overflows.Add(1)
			continue
		case delivered == nil:
			return fmt.Errorf("watch links: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(reopenPause):
		}
	}
}

// session subscribes first and lists then, so that nothing falls in between,
// and follows the announcements until one is lost or ctx ends.
func (w *Watcher) session(ctx context.Context, out chan<- Links, delivered *Links) error {
	events, err := dial(cmp.Or(w.eventBuffer, eventBuffer), unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR, unix.RTNLGRP_IPV6_NETCONF,
		unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
	if err != nil {
		return err
	}
	lister, err := dial(listedBuffer)
	if err != nil {
		return errors.Join(err, events.close())
	}
	defer func() { _ = lister.close() }()

	group, ctx := errgroup.WithContext(ctx)
	changes := make(chan news, 64)
	group.Go(func() error { return read(ctx, events, changes) })
	group.Go(func() error {
		defer func() { _ = events.close() }() // ends read
		return w.follow(ctx, lister, changes, out, delivered)
	})
	return group.Wait()
}

// read passes announcements on until the socket fails or is closed.
func read(ctx context.Context, events *conn, changes chan<- news) error {
	for {
		messages, err := events.receive()
		if err != nil {
			return err
		}
		for _, m := range messages {
			n, ok, err := parseNews(m)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			select {
			case changes <- n:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// follow owns the table: it lists, applies the announcements and delivers.
func (w *Watcher) follow(ctx context.Context, lister *conn, changes <-chan news, out chan<- Links, delivered *Links) error {
	t, err := list(lister)
	if err != nil {
		return err
	}
	resync := time.NewTicker(cmp.Or(w.listEvery, listEvery))
	defer resync.Stop()
	rest := time.NewTimer(0) // until the next may be delivered
	defer rest.Stop()
	rested := false
	for {
		var offer chan<- Links
		var next Links
		if rested {
			if next = t.snapshot(); *delivered == nil || !next.equal(*delivered) {
				offer = out
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case offer <- next:
			*delivered, rested = next, false
			rest.Reset(deliverPause)
		case <-rest.C:
			rested = true
		case n := <-changes:
			t.apply(n)
			for range len(changes) { // a storm of announcements costs one snapshot for many
				t.apply(<-changes)
			}
		case <-resync.C:
			if t, err = list(lister); err != nil {
				return err
			}
		}
	}
}

// List returns all links as they are now in the network namespace of the
// calling thread.
func List() (Links, error) {
	c, err := dial(listedBuffer)
	if err != nil {
		return nil, err
	}
	t, err := list(c)
	if err := errors.Join(err, c.close()); err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	return t.snapshot(), nil
}

func list(c *conn) (*table, error) {
	t := newTable()
	links := nl.NewNetlinkRequest(unix.RTM_GETLINK, 0)
	links.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	err := c.dump(links, func() { clear(t.links) }, func(m syscall.NetlinkMessage) error {
		n, ok, err := parseNews(m)
		if ok {
			t.apply(n)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = listAddresses(c, 0, func() { clear(t.addrs) }, func(index int, h held) {
		t.addrs[index] = append(t.addrs[index], h.Address)
	})
	if err != nil {
		return nil, err
	}
	for _, addrs := range t.addrs {
		arrange(addrs)
	}
	err = listRoutes(c, func() { t.routes = nil }, func(r Route) { t.routes = append(t.routes, r) })
	slices.SortFunc(t.routes, Route.compare)
	return t, err
}
