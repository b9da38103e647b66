package main

import (
	"strconv"

	"github.com/hald-project/hald/notify"
)

// notifiers is empty where nobody is notified.
func (p painter) notifiers(list []notify.Status) string {
	if len(list) == 0 {
		return ""
	}
	t := table{colour: p.colour}
	t.row(plain("NOTIFIER"), plain("KIND"), plain("QUEUE"), plain("TOLD"), plain("LOST"), plain("LAST SUCCESS"), plain("LAST ERROR"))
	for _, n := range list {
		kind := n.Kind
		if n.Before {
			kind += " (before)"
		}
		lost := plain(strconv.FormatUint(n.Lost, 10))
		if n.Lost > 0 {
			lost.paint = red
		}
		t.row(plain(n.Name), plain(kind), number(n.Queue), plain(strconv.FormatUint(n.Told, 10)), lost, plain(p.since(n.LastSuccess)), p.trouble(n))
	}
	return "\n" + t.String()
}

// trouble is what went wrong last, painted while nothing went well since.
func (p painter) trouble(n notify.Status) cell {
	if n.LastError == "" {
		return cell{}
	}
	c := plain(p.since(n.LastErrorAt) + " ago: " + n.LastError)
	if n.LastErrorAt.After(n.LastSuccess) {
		c.paint = red
	}
	return c
}
