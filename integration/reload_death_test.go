package integration

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// dying is a master whose workers are killed while it reloads. Its two configurations are
// different for both of them.
type dying struct {
	*lab.Lab
	t    *testing.T
	lb1  *lab.Hald
	path string
	text [2]string
	hash [2]string
}

// write makes one of the two what the file says.
func (d *dying) write(which int) {
	d.t.Helper()
	if err := os.WriteFile(d.path, []byte(d.text[which]), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// is waits until one of the two is in force entirely: the hash, the table, the addresses
// and the priority of the election are its own.
func (d *dying) is(which int, what string) {
	d.t.Helper()
	scheduler, other := [2]string{":81 -s rr\n", ":81 -s wlc\n"}[which], [2]string{":81 -s wlc\n", ":81 -s rr\n"}[which]
	priority := [2]int{150, 140}[which]
	second := [2]string{"", "192.0.2.102/24"}[which]
	var doc document
	var table, held string
	for since := time.Now(); ; {
		doc, table = documentOf(d.t, d.lb1), d.IPVS("lb1")
		held = d.Run("lb1", "ip", "-o", "-4", "address", "show", "dev", lab.Interface)
		if len(doc.Instances) == 1 && doc.Instances[0].EffectivePriority == priority && doc.Config.Hash == d.hash[which] &&
			strings.Contains(table, scheduler) && !strings.Contains(table, other) && strings.Count(table, "-a ") == 3 &&
			doc.Instances[0].State == "master" && strings.Contains(held, " 192.0.2.102/24 ") == (second != "") && strings.Contains(held, " 192.0.2.100/24 ") {
			return
		}
		if time.Since(since) > settle {
			d.t.Fatalf("%s: not configuration %d in force: %+v\n%s\n%s", what, which, doc, table, held)
		}
	}
}

// TestWorkerDiesDuringReload: a process that is killed while it is told of another
// configuration. Who ordered it hears of that, the one of before is in force entirely,
// and the next reload goes through at once. A signal and a kill at whatever moment leave
// one of the two, and the events say which (keepalived's users, row 4).
func TestWorkerDiesDuringReload(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := lab.Cluster{Interval: 300 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	text := configuration(t, l, c)
	d := &dying{Lab: l, t: t, path: l.WriteFile("dying.hcl", text)}
	d.text[0] = text
	d.text[1] = strings.NewReplacer("lb1 = 150", "lb1 = 140", `"192.0.2.100/24"`, `"192.0.2.100/24", "192.0.2.102/24"`).Replace(strings.Replace(text, `"rr"`, `"wlc"`, 1))
	lb1, lb2 := l.HaldWith("lb1", d.path), l.HaldWith("lb2", l.WriteFile("lb2.hcl", text))
	d.lb1 = lb1
	client := inOffice(l, lb1, lb2)
	for i := range d.text {
		d.write(i)
		if out, status := lb1.Command("reload"); status != 0 {
			t.Fatalf("exit status %d: %s", status, out)
		}
		d.hash[i] = documentOf(t, lb1).Config.Hash
	}
	in := 1 // the one in force
	d.is(in, "in the beginning")

	for _, worker := range []struct {
		name         string
		freeze, kill func()
	}{{"balancer", lb1.FreezeBalancer, lb1.KillBalancer}, {"election", lb1.FreezeElection, lb1.KillElection}} {
		d.write(1 - in)
		killed := make(chan bool)
		worker.freeze() // it cannot answer
		ordered := time.Now()
		go func() {
			defer close(killed)
			for since := time.Now(); time.Since(since) < settle; time.Sleep(5 * time.Millisecond) {
				for _, e := range lb1.Events() {
					if e.Name == "config.loaded" && e.Read.After(ordered) {
						worker.kill()
						return
					}
				}
			}
		}()
		out, status := lb1.Command("reload", "--allow-interruption")
		<-killed
		if status != 1 || !strings.Contains(out, "the old configuration goes on: the "+worker.name+" died of it") {
			t.Errorf("the %s is killed: exit status %d\n%s", worker.name, status, out)
		}
		if out, status := lb1.Command("reload", "--allow-interruption"); status != 0 {
			t.Errorf("after the %s was killed: exit status %d\n%s", worker.name, status, out)
		}
		in = 1 - in
		d.is(in, "after the "+worker.name+" was killed")
		d.write(1 - in)
		worker.freeze()
		lb1.HangUp()
		time.Sleep(50 * time.Millisecond)
		worker.kill()
		d.is(in, "after the "+worker.name+" was killed, and the file is another")
	}
	applied := 0
	for i, kill := range []func(){lb1.KillBalancer, lb1.KillElection, lb1.KillBalancer, lb1.KillElection} {
		d.write(1 - in)
		ordered := time.Now()
		lb1.HangUp()
		time.Sleep(time.Duration(i) * 15 * time.Millisecond)
		kill()
		e := lb1.AwaitEvent(settle, "the signal is answered", func(e lab.Event) bool {
			return (e.Name == "config.applied" || e.Name == "config.rejected") && e.Read.After(ordered)
		})
		if e.Name == "config.applied" {
			applied++
			in = 1 - in
		}
		d.is(in, e.Name)
	}
	t.Logf("of four reloads with a kill at whatever moment %d were applied", applied)
	l.AwaitMaster("lb1", settle)
	served(l, client)
}
