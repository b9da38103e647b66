package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/integration/lab"
)

// crowd is how many servers fail when the daemon starts, each with an event: more than
// a pipe holds, and than a full disk may swallow untold. They share one check.
const crowd = 1500

const crowdedService = `
virtual_server "crowd" {
  addresses  = ["192.0.2.100:9"]
  protocol   = "tcp"
  forwarding = "nat"

  check "tcp" {
    port     = 9
    interval = "60s"
  }
  dynamic "real_server" {
    for_each = concat(range(10000, 10650), range(10650, 11500))
    labels   = [format("port%d", real_server.value)]
    content {
      address = format("192.0.2.21:%d", real_server.value)
    }
  }
}
`

// stuckLog is where a daemon's log goes and gets stuck.
type stuckLog interface {
	path() string
	stick()   // nothing more goes in
	release() // it moves again
	reported() string
}

// TestR29StuckLog: a log that takes nothing, and a daemon with much to say.
// Adverts are on time and checks go on; what was lost is counted and told, and what the
// log did not take yet is written when it does; the daemon ends in good order.
func TestR29StuckLog(t *testing.T) {
	t.Parallel()
	const interval = 500 * time.Millisecond
	l := lab.New(t)
	text := configuration(t, l, lab.Cluster{Interval: interval, Services: lab.EachMethod, Check: checked})
	config := l.WriteFile("crowd.hcl", text+crowdedService)
	if said, status := l.HaldWith("lb1", config).Command("check"); status != 0 { // the log will not say it
		t.Fatal(said)
	}
	for _, test := range []struct {
		name string
		log  stuckLog
	}{
		{"unread pipe", newPipe(t)},
		{"full file system", newTinyFile(t)},
		{"/dev/full", devFull{}},
	} {
		test.log.stick()
		lb1 := l.HaldWith("lb1", config).Through("sh", "-c", `log=$0; exec "$@" >>"$log" 2>&1`, test.log.path())
		lb1.Start()
		l.Eventually(settle, test.name+": lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
		in := func() bool { return len(l.Behind("lb1", lab.PortTUN)) == 1 }
		l.Eventually(2*settle, test.name+": web3 is in", in)

		capture := l.Capture("lb1")
		start := time.Now()
		time.Sleep(3 * time.Second) // the crowd is heard out
		web3, failed := l.Server("web3"), time.Now()
		web3.Fail(true)
		l.Eventually(settle, test.name+": web3 is out", func() bool { return !in() })
		out := time.Since(failed)
		web3.Fail(false)
		l.Eventually(settle, test.name+": web3 is back", in)
		time.Sleep(time.Until(start.Add(15 * interval)))
		end := time.Now()
		punctual(t, between(l, capture, start, end), interval, end.Sub(start))
		t.Logf("%s: the failed server was out after %v", test.name, out.Round(time.Millisecond))
		if i := documentOf(t, lb1).Instances[0]; i.State != "master" || i.Transitions != 2 {
			t.Errorf("%s: status %+v, want it master after two transitions", test.name, i)
		}

		test.log.release()
		if p, waits := test.log.(*pipe); waits {
			down := func() int { return strings.Count(p.reported(), `"event":"real_server.down"`) }
			l.Eventually(settle, test.name+": all is told", func() bool { return down() >= crowd })
			if strings.Contains(p.reported(), "log.dropped") {
				t.Errorf("%s: lines were dropped", test.name)
			}
			test.log.stick()
		}
		if _, loses := test.log.(*tinyFile); loses {
			l.Run("lb1", "ip", "addr", "del", lab.VIP.String(), "dev", lab.Interface) // something to say
			var told struct{ Count int }
			l.Eventually(settle, test.name+": the loss is told", func() bool {
				_, line, found := strings.Cut(test.log.reported(), `"event":"log.dropped"`)
				line, _, whole := strings.Cut(line, "\n")
				return found && whole && json.Unmarshal([]byte(`{"event":""`+line), &told) == nil
			})
			t.Logf("%s: %d lines were dropped and told", test.name, told.Count)
			if told.Count < 100 {
				t.Errorf("%s: %d lines dropped, of more than %d", test.name, told.Count, crowd)
			}
			test.log.stick()
		}
		start = time.Now()
		if status := lb1.Stop(); status != 0 {
			t.Errorf("%s: exit status %d", test.name, status)
		}
		t.Logf("%s: stopped in %v", test.name, time.Since(start).Round(time.Millisecond))
		if l.Holds("lb1", lab.VIP) {
			t.Errorf("%s: the address is still here", test.name)
		}
	}
}

// pipe is a named pipe whose reader comes and goes.
type pipe struct {
	t    *testing.T
	file *os.File
	read chan string
	text string
}

func newPipe(t *testing.T) *pipe {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &pipe{t: t, file: file, read: make(chan string, 1)}
}

func (p *pipe) path() string { return p.file.Name() }

// stick ends the reading and fills the pipe.
func (p *pipe) stick() {
	p.file.SetReadDeadline(time.Unix(1, 0))
	p.file.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := p.file.Write(bytes.Repeat([]byte("full\n"), 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("the pipe is not full: %v", err)
	}
}

func (p *pipe) release() {
	p.file.SetReadDeadline(time.Time{})
	go func() {
		var kept strings.Builder
		for r := bufio.NewReader(p.file); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			kept.WriteString(line)
			select {
			case <-p.read:
			default:
			}
			p.read <- kept.String()
		}
	}()
}

// reported is what was read so far.
func (p *pipe) reported() string {
	select {
	case p.text = <-p.read:
	default:
	}
	return p.text
}

// tinyFile is a log file on a file system without room.
type tinyFile struct {
	t      *testing.T
	folder string
}

func newTinyFile(t *testing.T) *tinyFile {
	t.Helper()
	folder := t.TempDir()
	if err := unix.Mount("none", folder, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(folder, unix.MNT_DETACH) })
	return &tinyFile{t, folder}
}

func (f *tinyFile) path() string { return filepath.Join(f.folder, "log") }

func (f *tinyFile) filler() string { return filepath.Join(f.folder, "filler") }

func (f *tinyFile) stick() {
	f.t.Helper()
	filler, err := os.Create(f.filler())
	if err != nil {
		f.t.Fatal(err)
	}
	defer filler.Close()
	if _, err := io.Copy(filler, zeros{}); !errors.Is(err, unix.ENOSPC) {
		f.t.Fatalf("the file system is not full: %v", err)
	}
}

func (f *tinyFile) release() {
	f.t.Helper()
	if err := os.Remove(f.filler()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *tinyFile) reported() string {
	text, _ := os.ReadFile(f.path())
	return string(text)
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// devFull never takes anything.
type devFull struct{}

func (devFull) path() string     { return "/dev/full" }
func (devFull) stick()           {}
func (devFull) release()         {}
func (devFull) reported() string { return "" }
