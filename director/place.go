package director

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
)

// sysctls are the settings below net.ipv4.vs that the configuration names. With
// connection synchronisation those that have a connection in use told again
// every so often, and not only every fifty packets, belong to them: a director that
// comes back would else learn of idle ones never.
func sysctls(c config.IPVS) map[string]string {
	wanted := map[string]string{}
	set := func(name string, on *bool) {
		if on != nil {
			wanted[name] = map[bool]string{false: "0", true: "1"}[*on]
		}
	}
	set("expire_nodest_conn", c.ExpireNodestConn)
	set("expire_quiescent_template", c.ExpireQuiescentTemplate)
	if c.Sync != nil && c.Sync.Refresh > 0 {
		wanted["sync_refresh_period"] = strconv.Itoa(int(c.Sync.Refresh / time.Second))
		wanted["sync_threshold"] = fmt.Sprintf("%d %d", syncThreshold, 0)
	}
	return wanted
}

// syncThreshold is the kernel's own: packets after which a connection is told of
// for the first time.
const syncThreshold = 3

// place tells the balancer where the election has put this director when that is
// news. It never waits: one that does not take it gets newer news.
func (l *life) place() {
	sync := l.now().config.IPVS.Sync
	if sync == nil {
		return
	}
	master := slices.ContainsFunc(l.instances, func(s election.Status) bool { return s.Name == sync.Instance && s.State == "master" })
	if l.placed != nil && *l.placed == master {
		return
	}
	l.placed = &master
	select {
	case <-l.placing:
	default:
	}
	l.placing <- balancer.Command{Place: &balancer.Place{Master: master}}
}
