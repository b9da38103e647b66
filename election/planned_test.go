package election

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/vrrp/vrrptest"
)

// begin configures with the planned work of a previous life.
func (p *process) begin(planned Planned, instances ...Instance) {
	p.enc.Encode(Command{Configure: &Config{Instances: instances, Planned: planned}})
	synctest.Wait()
}

func (p *process) order(c Command) { p.enc.Encode(c); synctest.Wait() }

var (
	maintenanceOn  = Command{Maintenance: &MaintenanceOrder{On: true, By: "uid 0, pid 1"}}
	maintenanceOff = Command{Maintenance: &MaintenanceOrder{}}
)

// pairAtWork is a master a of priority 150 and a backup b of 100.
func pairAtWork() (a, b *process) {
	lan := vrrptest.NewLAN()
	a, b = launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
	a.configure(shop(150))
	b.configure(shop(100))
	sleep(5 * time.Second)
	return a, b
}

func TestMaintenance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pairAtWork()
		if a.status()[0].MasterPriority != 150 || b.status()[0].MasterPriority != 150 {
			t.Errorf("the master's priority is %d for itself, %d for its peer", a.status()[0].MasterPriority, b.status()[0].MasterPriority)
		}
		mark := len(a.names())
		a.order(maintenanceOn)
		for !b.holds(vip) {
			if !a.holds(vip) {
				t.Fatal("nobody holds the address")
			}
			sleep(time.Millisecond)
		}
		sleep(2 * time.Second)
		expect(t, "going in", a.names()[mark:], "address.released", "master>backup:handover", "maintenance.on", "backup>fault:maintenance", "vrrp.fault")
		if s := a.status()[0]; s.State != "fault" || !slices.Equal(s.Faults, []string{"maintenance"}) || s.Standby != nil {
			t.Errorf("status: %+v", s)
		}
		if p := a.plans(); p.Maintenance == nil || p.Maintenance.By != "uid 0, pid 1" || p.Maintenance.Since.IsZero() || len(p.Standby) > 0 {
			t.Errorf("reported %+v", p)
		}
		sent := a.status()[0].AdvertsSent
		b.leave(t)
		sleep(time.Hour)
		if s := a.status()[0]; a.holds(vip) || s.AdvertsSent != sent {
			t.Errorf("its peer gone, it holds: %v, and has sent %d adverts", a.holds(vip), s.AdvertsSent-sent)
		}
		mark = len(a.names())
		a.order(maintenanceOff)
		sleep(5 * time.Second)
		expect(t, "coming back", a.names()[mark:], "maintenance.off", "fault>backup:fault_cleared", "vrrp.fault_cleared", "address.claimed", "backup>master:master_silent")
		if a.plans().Maintenance != nil {
			t.Error("still reported")
		}
		a.leave(t)
	})
}

// TestMaintenanceRefused: one of two instances has nobody to go to, so both stay.
func TestMaintenanceRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a, b := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		alone := shop(150)
		alone.Name, alone.VRID, alone.Addresses = "alone", 52, addresses(second)
		a.configure(shop(150), alone)
		b.configure(shop(100))
		sleep(5 * time.Second)
		a.order(maintenanceOn)
		for range 10000 {
			if !a.holds(second) || !a.holds(vip) && !b.holds(vip) {
				t.Fatal("nobody holds an address")
			}
			sleep(time.Millisecond)
		}
		names := a.names()
		if !slices.Contains(names, "maintenance.refused") || slices.Contains(names, "maintenance.on") {
			t.Errorf("events %q", names)
		}
		if !a.holds(vip) || !a.holds(second) || a.plans().Maintenance != nil {
			t.Errorf("after the refusal it holds %v, %v; reported %+v", a.holds(vip), a.holds(second), a.plans())
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestMaintenanceOfAnOwner: its addresses are nobody else's to have.
func TestMaintenanceOfAnOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		f := newFakeHost(lan, addrA)
		f.own = []netip.Prefix{vip}
		a, b := launch(f, false), launch(newFakeHost(lan, addrB), false)
		a.configure(shop(255))
		b.configure(shop(100))
		sleep(5 * time.Second)
		a.order(maintenanceOn)
		sleep(5 * time.Second)
		if names := a.names(); !slices.Contains(names, "maintenance.refused") || a.status()[0].State != "master" || b.status()[0].State != "backup" {
			t.Errorf("events %q, %+v", names, a.status()[0])
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestMaintenanceBeforeTheFirstAdvert: a backup that has not heard a master yet
// may be the only one there is.
func TestMaintenanceBeforeTheFirstAdvert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		a.configure(shop(150))
		sleep(time.Second)
		a.order(maintenanceOn)
		sleep(10 * time.Second)
		if names := a.names(); !a.holds(vip) || !slices.Contains(names, "maintenance.refused") {
			t.Errorf("holds: %v, events %q", a.holds(vip), names)
		}
		a.leave(t)
	})
}

func TestMaintenanceEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pairAtWork()
		a.order(Command{Maintenance: &MaintenanceOrder{On: true, Until: time.Now().Add(time.Minute)}})
		sleep(30 * time.Second)
		since := a.plans().Maintenance.Since
		a.order(Command{Maintenance: &MaintenanceOrder{On: true, Until: time.Now().Add(time.Hour)}})
		sleep(59 * time.Minute)
		if m := a.plans().Maintenance; m == nil || !m.Since.Equal(since) || a.holds(vip) {
			t.Fatalf("before its new end: %+v", m)
		}
		sleep(2 * time.Minute)
		if a.plans().Maintenance != nil || !a.holds(vip) {
			t.Errorf("after its end: %+v, holds: %v", a.plans(), a.holds(vip))
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestMaintenanceOutlivesALife: the next one begins outside, or inside when the end
// passed meanwhile.
func TestMaintenanceOutlivesALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a := launch(newFakeHost(lan, addrA), false)
		a.begin(Planned{Maintenance: &Maintenance{Since: time.Now(), Until: time.Now().Add(time.Hour)}}, shop(150))
		sleep(59 * time.Minute)
		expect(t, "kept", a.names(), "maintenance.on", "init>fault:maintenance", "vrrp.fault")
		if a.holds(vip) || a.status()[0].AdvertsSent != 0 {
			t.Error("in maintenance it took part")
		}
		sleep(2 * time.Minute)
		if !a.holds(vip) {
			t.Error("after its end it did not take part")
		}
		a.leave(t)

		b := launch(newFakeHost(lan, addrB), false)
		b.begin(Planned{Maintenance: &Maintenance{Since: time.Now().Add(-time.Hour), Until: time.Now()}}, shop(150))
		sleep(5 * time.Second)
		expect(t, "over", b.names(), "maintenance.off", "init>backup:startup", "address.claimed", "backup>master:master_silent")
		b.leave(t)
	})
}

// TestNothingIsReportedBeforeTheConfiguration: what the director keeps must not be
// replaced by what an election that knows nothing yet says.
func TestNothingIsReportedBeforeTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := launch(newFakeHost(vrrptest.NewLAN(), addrA), false)
		sleep(time.Minute)
		if n := a.reported(); n > 0 {
			t.Errorf("%d reports", n)
		}
		a.configure(shop(150))
		sleep(5 * time.Second)
		if n := a.reported(); n == 0 {
			t.Error("no report")
		}
		a.leave(t)
	})
}

// TestMaintenanceIsCalledOff on the way.
func TestMaintenanceIsCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pairAtWork()
		a.order(maintenanceOn)
		a.order(maintenanceOff)
		sleep(10 * time.Second)
		if !a.holds(vip) || b.holds(vip) || slices.Contains(a.names(), "maintenance.on") {
			t.Errorf("a holds: %v, b holds: %v, events %q", a.holds(vip), b.holds(vip), a.names())
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestStandbyOutlivesALife: who was handed over stays backup in the next life,
// until its peer fails.
func TestStandbyOutlivesALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pairAtWork()
		a.order(Command{Handover: &Handover{Until: time.Now().Add(24 * time.Hour)}})
		sleep(time.Second)
		kept := a.plans()
		if _, ok := kept.Standby["shop"]; !ok {
			t.Fatalf("reported %+v", kept)
		}
		a.leave(t)
		if got := a.plans(); len(got.Standby) != 1 {
			t.Errorf("leaving, it reported %+v", got)
		}

		again := launch(newFakeHost(a.lan, addrA), false)
		again.begin(kept, shop(150))
		sleep(time.Hour)
		if again.holds(vip) || !b.holds(vip) || again.status()[0].Standby == nil {
			t.Errorf("after a restart a holds: %v, b holds: %v, %+v", again.holds(vip), b.holds(vip), again.status()[0])
		}
		changed := shop(151) // an instance that is built anew stands by as well
		again.configure(changed)
		sleep(time.Hour)
		if again.holds(vip) || again.plans().Standby["shop"] != kept.Standby["shop"] {
			t.Errorf("configured anew a holds: %v, reported %+v", again.holds(vip), again.plans())
		}
		b.leave(t)
		sleep(5 * time.Second)
		if !again.holds(vip) || len(again.plans().Standby) > 0 {
			t.Errorf("its peer gone, a holds: %v, reported %+v", again.holds(vip), again.plans())
		}
		again.leave(t)
	})
}

func TestStandbyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		a, b := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		b.configure(shop(100))
		sleep(5 * time.Second)
		a.begin(Planned{Standby: map[string]Standby{"shop": {Until: time.Now().Add(time.Minute)}, "gone": {}}}, shop(150))
		sleep(59 * time.Second)
		if a.holds(vip) {
			t.Error("before its end")
		}
		sleep(10 * time.Second)
		if !a.holds(vip) || len(a.plans().Standby) > 0 {
			t.Errorf("after its end a holds: %v, reported %+v", a.holds(vip), a.plans())
		}
		a.leave(t)
		b.leave(t)
	})
}

// TestPlannedWorkOfASyncGroup: its members go and stand by together.
func TestPlannedWorkOfASyncGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lan := vrrptest.NewLAN()
		edge := func(priority uint8, planned Planned) Command {
			other := shop(priority)
			other.Name, other.VRID, other.Addresses = "other", 52, addresses(second)
			return Command{Configure: &Config{Instances: []Instance{shop(priority), other},
				Groups: []Group{{Name: "edge", Members: []string{"shop", "other"}}}, Planned: planned}}
		}
		a, b := launch(newFakeHost(lan, addrA), false), launch(newFakeHost(lan, addrB), false)
		b.order(edge(100, Planned{}))
		sleep(5 * time.Second)
		a.order(edge(150, Planned{Standby: map[string]Standby{"shop": {}}}))
		sleep(time.Minute)
		if s := a.status(); a.holds(vip) || a.holds(second) || s[0].Standby == nil || s[1].Standby == nil {
			t.Errorf("standing by a holds: %v, %v; %+v", a.holds(vip), a.holds(second), s)
		}
		a.order(Command{TakeBack: &TakeBack{}})
		sleep(time.Minute)
		a.order(maintenanceOn)
		sleep(time.Minute)
		for _, s := range a.status() {
			if s.State != "fault" || !slices.Equal(s.Faults, []string{"maintenance"}) {
				t.Errorf("in maintenance: %+v", s)
			}
		}
		if a.holds(vip) || a.holds(second) || !b.holds(vip) || !b.holds(second) || len(a.plans().Standby) > 0 {
			t.Errorf("in maintenance a holds: %v, %v; reported %+v", a.holds(vip), a.holds(second), a.plans())
		}
		a.leave(t)
		b.leave(t)
	})
}
