package election

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

// Without addresses there is still a master, and one only.
func TestNoAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a, b := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		better, worse := shop(150), shop(100)
		better.Addresses, worse.Addresses = nil, nil
		a.configure(better)
		b.configure(worse)
		sleep(5 * time.Second)
		if s, o := a.status()[0], b.status()[0]; s.State != "master" || o.State != "backup" || o.Master != addrA.String() {
			t.Errorf("%+v\n%+v", s, o)
		}
		expect(t, "events", a.names(), "init>backup:startup", "backup>master:master_silent")
		a.leave(t)
		sleep(time.Second)
		if s := b.status()[0]; s.State != "master" || s.Reason != "master_resigned" {
			t.Errorf("%+v", s)
		}
		b.leave(t)
	})
	cfg := shop(100)
	cfg.Addresses, cfg.Peers = nil, []netip.Addr{netip.MustParseAddr("2001:db8::12")}
	if options, err := wireOptions(cfg, nil); err != nil || !options.Format.Bare || !cfg.is6() {
		t.Errorf("%+v, %v, IPv6: %v", options.Format, err, cfg.is6())
	}
	if options, err := wireOptions(shop(100), nil); err != nil || options.Format.Bare {
		t.Errorf("with an address: %+v, %v", options.Format, err)
	}
}
