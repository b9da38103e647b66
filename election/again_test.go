package election

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

// kernelOf is the kernel of one instance.
type kernelOf struct{ *fakeHost }

// TestElectionsThatLeftAreForgotten: nothing of an instance that was removed is kept.
func TestElectionsThatLeftAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeHost(vrrptest.NewLAN(), addrA)
		h := f.host()
		var kernels []weak.Pointer[kernelOf]
		h.kernel = func() (kernel, error) {
			k := &kernelOf{f}
			kernels = append(kernels, weak.Make(k))
			return k, nil
		}
		a := launchOn(f, h, false)
		other := shop(150)
		other.Name, other.VRID, other.VirtualMAC, other.Addresses = "other", 52, true, addresses(second)
		for range 20 {
			a.configure(shop(150), other)
			sleep(5 * time.Second)
			a.configure(shop(150))
			sleep(5 * time.Second)
		}
		runtime.GC()
		kept := 0
		for _, k := range kernels {
			if k.Value() != nil {
				kept++
			}
		}
		if kept > 1 || len(kernels) < 21 {
			t.Errorf("of %d instances %d are kept, of which one is there", len(kernels), kept)
		}
		a.leave(t)
	})
}

// exclusive is a Conn of a virtual router that nobody else may have on the link.
type exclusive struct {
	vrrp.Conn
	free func()
}

func (c exclusive) Close() error {
	c.free()
	return c.Conn.Close()
}

// TestBackWhileItLeaves: an instance that is configured again, or its virtual router or
// address by another name, waits until the one before has left.
func TestBackWhileItLeaves(t *testing.T) {
	for what, change := range map[string]func(*Instance){
		"the same":               func(c *Instance) {},
		"another name":           func(c *Instance) { c.Name = "mall" },
		"another virtual router": func(c *Instance) { c.Name, c.VRID = "mall", 52 },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeHost(vrrptest.NewLAN(), addrA)
				h := f.host()
				listen, taken := h.listen, map[uint8]bool{}
				h.listen = func(l vrrp.Link, o vrrp.Options) (vrrp.Conn, error) {
					f.mu.Lock()
					defer f.mu.Unlock()
					if taken[o.VRID] {
						return nil, errors.New("in use")
					}
					taken[o.VRID] = true
					f.mu.Unlock()
					c, err := listen(l, o)
					f.mu.Lock()
					return exclusive{c, func() { f.mu.Lock(); taken[o.VRID] = false; f.mu.Unlock() }}, err
				}
				a := launchOn(f, h, false)
				a.configure(shop(150))
				sleep(5 * time.Second)
				mark, next := len(a.names()), shop(150)
				change(&next)
				a.configure()
				a.configure(next)
				sleep(10 * time.Second)
				expect(t, "events", a.names()[mark:],
					"address.released", "master>init:shutdown", "init>backup:startup", "address.claimed", "backup>master:master_silent")
				if !f.holds(vip) {
					t.Errorf("held: %v", f.addrs)
				}
				a.leave(t)
			})
		})
	}
}
