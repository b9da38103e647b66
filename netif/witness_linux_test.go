package netif

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSeesAdvertisement(t *testing.T) {
	m, v := inVirtualNamespace(t)
	a, l := openAddresses(t), ensure(t, m, v)
	if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual), time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		protocol int
		device   string
		source   net.HardwareAddr
		seen     bool
	}{
		{"by the virtual link", 112, l.Name, v.MAC(), true},
		{"by its parent", 112, "eth0", v.MAC(), false},
		{"something else by the virtual link", 113, l.Name, v.MAC(), false},
		{"by the parent, of whose MAC we want to know", 112, "eth0", v.Parent.MAC, true},
	} {
		seen := make(chan bool)
		bound := 200 * time.Millisecond
		if c.seen {
			bound = 10 * time.Second
		}
		ns, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			runtime.LockOSThread() // ends with the goroutine
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				t.Error(err)
			}
			ok, err := SeesAdvertisement(t.Context(), v.Parent.Index, c.source, bound)
			if err != nil {
				t.Error(err)
			}
			seen <- ok
		}()
		send := time.NewTicker(10 * time.Millisecond)
		for waiting := true; waiting; {
			select {
			case got := <-seen:
				if got != c.seen {
					t.Errorf("%s: seen %v", c.name, got)
				}
				waiting = false
			case <-send.C:
				sendMulticast(t, c.device, c.protocol)
			}
		}
		send.Stop()
		ns.Close()
	}
}

// sendMulticast sends an empty packet to 224.0.0.18.
func sendMulticast(t *testing.T, device string, protocol int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.BindToDevice(fd, device); err != nil {
		t.Fatal(err)
	}
	if err := unix.Sendto(fd, nil, 0, &unix.SockaddrInet4{Addr: [4]byte{224, 0, 0, 18}}); err != nil {
		t.Fatal(err)
	}
}
