package lab_test

import (
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

// TestHaldIsADirector shows that the lab can drive and break the program itself;
// what it should do then is for the scenarios to say.
func TestHaldIsADirector(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	lb1 := l.Hald("lb1", lab.Cluster{Services: lab.EachMethod})
	lb1.Start()
	lb1.AwaitEvent(settle, "master", func(e lab.Event) bool { return e.Name == "vrrp.transition" && e.To == "master" })
	l.AwaitMaster("lb1", settle)
	if out, status := lb1.Command("status"); status != 0 || !strings.Contains(out, "master") {
		t.Errorf("hald status exits with %d and says:\n%s", status, out)
	}
	lb1.KillBalancer()
	lb1.KillElection()
	if !lb1.Running() {
		t.Fatal("the director ended with its workers")
	}
	lb1.AwaitEvent(settle, "master again", func(e lab.Event) bool { return e.Name == "vrrp.transition" && e.To == "master" })
	if status := lb1.Stop(); status != 0 {
		t.Errorf("stopped with status %d", status)
	}
}
