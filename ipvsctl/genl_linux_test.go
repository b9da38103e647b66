package ipvsctl

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The controller family, which every kernel has, stands in for IPVS: it is
// asked for its own name and for names that do not exist.
func ask(name string) request { return request{ctrlGetFamily, attrs(nil).text(ctrlName, name)} }

func controller(t *testing.T) *link {
	t.Helper()
	l, err := dial("nlctrl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.close() })
	return l
}

func TestLinkLooksUpTheFamily(t *testing.T) {
	if l := controller(t); l.family != unix.GENL_ID_CTRL {
		t.Errorf("family %#x", l.family)
	}
	if _, err := dial("hald-nonesuch"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a family that is not there: %v", err)
	}
}

func TestLinkNamesFailuresAcrossBatches(t *testing.T) {
	for _, n := range []int{1, 2, batchSize, batchSize + 1, 2*batchSize + 7} {
		var requests []request
		var want, got []int
		for i := range n {
			if i%3 == 0 {
				requests = append(requests, ask("hald-nonesuch"))
				want = append(want, i)
			} else {
				requests = append(requests, ask("nlctrl"))
			}
		}
		err := controller(t).do(len(requests), func(i int) request { return requests[i] }, func(i int, err error) {
			if got = append(got, i); !errors.Is(err, unix.ENOENT) {
				t.Errorf("%d: %v", i, err)
			}
		})
		if err != nil {
			t.Errorf("%d requests: %v", n, err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d requests: %d failures, want %d", n, len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%d requests: failure %d is %d, want %d", n, i, got[i], want[i])
			}
		}
	}
}

// TestLinkDropsForeignAnswers leaves answers of an earlier request unread, and
// starts close to the end of the sequence numbers.
func TestLinkDropsForeignAnswers(t *testing.T) {
	l := controller(t)
	l.seq = ^uint32(0) - 2
	for range 5 {
		if err := l.send(l.append(nil, ask("hald-nonesuch"), unix.NLM_F_REQUEST|unix.NLM_F_ACK)); err != nil {
			t.Fatal(err)
		}
	}
	answers := 0
	if err := l.get(ask("nlctrl"), func([]byte) { answers++ }); err != nil || answers != 1 {
		t.Errorf("%d answers, %v", answers, err)
	}
}

// TestLinkOverrun has room for a few answers only: the kernel drops the others and says
// ENOBUFS, the link is of no use any more, and the next one is whole.
func TestLinkOverrun(t *testing.T) {
	l := controller(t)
	if err := unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil {
		t.Fatal(err)
	}
	requests := make([]request, batchSize)
	for i := range requests {
		requests[i] = ask("hald-nonesuch")
	}
	if err := l.do(len(requests), func(i int) request { return requests[i] }, func(int, error) {}); !errors.Is(err, unix.ENOBUFS) {
		t.Errorf("got %v, want %v", err, unix.ENOBUFS)
	}
	refused := 0
	if err := controller(t).do(len(requests), func(i int) request { return requests[i] }, func(int, error) { refused++ }); err != nil || refused != batchSize {
		t.Errorf("the next link: %d refused, %v", refused, err)
	}
}

func TestLinkDumps(t *testing.T) {
	l, found := controller(t), false
	err := l.dump(request{command: ctrlGetFamily}, func(b []byte) {
		for kind, v := range all(b) {
			found = found || kind == ctrlName && v.text() == "nlctrl"
		}
	})
	if err != nil || !found {
		t.Errorf("the dump of families has no nlctrl: %v", err)
	}
}

// TestLinkSaysWhichCapability gives up CAP_NET_ADMIN on a thread that ends with
// the test.
func TestLinkSaysWhichCapability(t *testing.T) {
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
	_, err := Open()
	if !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "CAP_NET_ADMIN") {
		t.Errorf("without capabilities: %v", err)
	}
}

func TestOpenSaysHowToGetIPVS(t *testing.T) {
	k, err := Open()
	if err == nil {
		k.Close()
		t.Skip("this kernel has IPVS")
	}
	if errors.Is(err, unix.EPERM) {
		t.Skip(err)
	}
	if !errors.Is(err, ErrNoIPVS) {
		t.Fatal(err)
	}
	for _, cure := range []string{"modprobe ip_vs", "linux-modules-extra", "CONFIG_IP_VS"} {
		if !strings.Contains(err.Error(), cure) {
			t.Errorf("%q does not mention %s", err, cure)
		}
	}
}
