package realserver

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// twin is a machine of things in a map, and a keeper of records.
type twin struct {
	have   Facts
	record Record
	fail   string // the step that fails
	saved  []Record
}

func newTwin(values ...string) *twin {
	m := &twin{have: Facts{values: map[string]string{}, loud: map[string]string{}, open: map[string]string{}}}
	m.set("setting "+arpIgnore, "0", "setting "+arpAnnounce, "0")
	m.set(values...)
	return m
}

func (m *twin) set(pairs ...string) {
	for p := range slices.Chunk(pairs, 2) {
		m.have.values[p[0]] = p[1]
	}
}

func (m *twin) Facts([]Thing) (Facts, error) {
	return Facts{maps.Clone(m.have.values), m.have.loud, m.have.open}, nil
}

func (m *twin) Do(s Step) error {
	if m.fail != "" && strings.Contains(s.String(), m.fail) {
		return errors.New("no")
	}
	m.set(s.key(), s.To)
	if s.Kind == Device { // what it has ends with it
		maps.DeleteFunc(m.have.values, func(key, _ string) bool {
			return strings.Contains(key, "."+s.Name+".") || strings.Contains(key, " dev "+s.Name)
		})
	}
	return nil
}

func (m *twin) Load() (Record, error) { return m.record, nil }

func (m *twin) Save(r Record) error {
	m.record = r
	m.saved = append(m.saved, r)
	return nil
}

// world is what there is, without what is not.
func (m *twin) world() string {
	var all []string
	for key, value := range m.have.values {
		if value != "" {
			all = append(all, key+"="+value)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func said(steps []Step) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.String())
	}
	return strings.Join(all, "\n")
}

func roleOf(t *testing.T, address string) Role {
	t.Helper()
	role, err := Find(views(t, cluster), addrs(address), "host", "")
	if err != nil {
		t.Fatal(err)
	}
	return role
}

func must(t *testing.T) func([]Step, error) string {
	return func(steps []Step, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return said(steps)
	}
}

func TestUpAndDown(t *testing.T) {
	for _, address := range []string{"192.0.2.21", "192.0.2.22"} {
		m, role := newTwin(), roleOf(t, address)
		before := m.world()
		if must(t)(Up(m, m, role, "")) == "" {
			t.Error("up did nothing")
		}
		items, err := Status(m, m, role, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if !i.OK || !i.Ours {
				t.Errorf("after up %+v", i)
			}
		}
		if again := must(t)(Up(m, m, role, "")); again != "" {
			t.Errorf("a second up did\n%s", again)
		}
		must(t)(Down(m, m, Role{}, ""))
		if m.world() != before || len(m.record.Changes) > 0 {
			t.Errorf("down left\n%s\nof\n%s\nand %v", m.world(), before, m.record)
		}
	}
}

// The machine is silent about an address before it has it, and as long as it has it.
func TestSilentFirst(t *testing.T) {
	m, role := newTwin(), roleOf(t, "192.0.2.21")
	up, down := must(t)(Up(m, m, role, "")), must(t)(Down(m, m, Role{}, ""))
	if strings.Index(up, "address") < strings.Index(up, "arp_announce") || strings.Index(down, "address") > strings.Index(down, "arp_ignore") {
		t.Errorf("up:\n%s\ndown:\n%s", up, down)
	}
}

func TestForeignThingsStay(t *testing.T) {
	m, role := newTwin("setting "+arpIgnore, "2", "address 192.0.2.100/32 dev lo", "held"), roleOf(t, "192.0.2.21")
	before := m.world()
	if up := must(t)(Up(m, m, role, "")); strings.Contains(up, "arp_ignore") || strings.Contains(up, "address") {
		t.Errorf("up changed what was right:\n%s", up)
	}
	must(t)(Down(m, m, Role{}, ""))
	if m.world() != before {
		t.Errorf("down left\n%s\nof\n%s", m.world(), before)
	}
}

func TestWhatOthersChangedSinceStays(t *testing.T) {
	m, role := newTwin(), roleOf(t, "192.0.2.21")
	must(t)(Up(m, m, role, ""))
	m.set("setting "+arpIgnore, "8", "address 192.0.2.100/32 dev lo", "")
	if down := must(t)(Down(m, m, Role{}, "")); down != "set "+arpAnnounce+" to 0 (it was 2)" {
		t.Errorf("down did\n%s", down)
	}
	if m.have.values["setting "+arpIgnore] != "8" {
		t.Error("it took back a change that was not its own")
	}
}

func TestDriftIsRepairedAndThePastRemembered(t *testing.T) {
	m, role := newTwin("setting "+arpIgnore, "0"), roleOf(t, "192.0.2.21")
	must(t)(Up(m, m, role, ""))
	m.set("setting "+arpAnnounce, "1", "address 192.0.2.100/32 dev lo", "")
	if again := must(t)(Up(m, m, role, "")); strings.Count(again, "\n") != 1 {
		t.Errorf("up repaired\n%s", again)
	}
	must(t)(Down(m, m, Role{}, ""))
	if m.have.values["setting "+arpAnnounce] != "0" {
		t.Errorf("arp_announce is %s after down, and was 0 before up", m.have.values["setting "+arpAnnounce])
	}
}

// Services are taken and left one by one; what another still needs stays.
func TestOneServiceAtATime(t *testing.T) {
	m, role := newTwin(), roleOf(t, "192.0.2.22")
	before := m.world()
	must(t)(Up(m, m, role, "web"))
	web := m.world()
	if six := must(t)(Up(m, m, role, "six")); strings.Contains(six, "remove") || !strings.Contains(six, "2001:db8::100") || strings.Contains(six, "192.0.2.101") {
		t.Errorf("up --service six did\n%s", six)
	}
	must(t)(Down(m, m, role, "six"))
	if m.world() != web {
		t.Errorf("after six came and went\n%s\nwant\n%s", m.world(), web)
	}
	must(t)(Down(m, m, role, "web"))
	if m.world() != before || len(m.record.Services) > 0 {
		t.Errorf("all gone, but\n%s\nand %v", m.world(), m.record)
	}
}

// A step that fails ends up; what was done until then is taken back by down, also
// when the process died before it could say so.
func TestFailureInTheMiddle(t *testing.T) {
	for _, step := range []string{"arp_announce", "port", "device hald-gre1", "address 192.0.2.101"} {
		m, role := newTwin(), roleOf(t, "192.0.2.22")
		before := m.world()
		m.fail = step
		if _, err := Up(m, m, role, ""); err == nil || !strings.Contains(err.Error(), step) {
			t.Fatalf("up said %v", err)
		}
		for _, c := range m.record.Changes {
			if !strings.Contains(string(c.Kind)+" "+c.Name, step) && m.have.of(c.Thing) != c.Value {
				t.Errorf("after a failed %s the record has %+v, which was never made", step, c)
			}
		}
		m.fail = ""
		must(t)(Down(m, m, Role{}, ""))
		if m.world() != before {
			t.Errorf("down after a failed %s left\n%s", step, m.world())
		}
	}
}

func TestObstacles(t *testing.T) {
	for _, c := range []struct {
		key, value, want string
	}{
		{"device hald-ipip0", "dummy", "ip link delete hald-ipip0"},
		{"port udp 6080", "fou", "udp 6080 is taken"},
	} {
		m := newTwin(c.key, c.value)
		before := m.world()
		if _, err := Up(m, m, roleOf(t, "192.0.2.22"), ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.key, err, c.want)
		}
		if m.world() != before {
			t.Errorf("it changed something all the same:\n%s", m.world())
		}
	}
	m := newTwin()
	m.have.open["192.0.2.100"] = "192.0.2.100/24 dev eth0"
	if _, err := Up(m, m, roleOf(t, "192.0.2.22"), ""); err == nil || !strings.Contains(err.Error(), "ip address delete 192.0.2.100/24 dev eth0") {
		t.Error(err)
	}
	m = newTwin()
	m.have.loud["eth0.7"] = "3"
	if _, err := Up(m, m, roleOf(t, "192.0.2.21"), ""); err == nil || !strings.Contains(err.Error(), "sysctl -w net.ipv4.conf.eth0/7.arp_ignore=1") {
		t.Error(err)
	}
}

// A configuration that wants another tunnel under the same name has it replaced.
func TestTunnelIsReplaced(t *testing.T) {
	m := newTwin()
	role := roleOf(t, "192.0.2.22")
	must(t)(Up(m, m, role, "web"))
	for i := range role.Services {
		role.Services[i].Address = addrs("192.0.2.33")[0]
	}
	if again := must(t)(Up(m, m, role, "")); !strings.Contains(again, "remove device hald-ipip0 (ipip to 192.0.2.22)") || m.have.values["device hald-ipip0"] != "ipip to 192.0.2.33" {
		t.Errorf("%s\n%s", again, m.world())
	}
	if rp := m.have.values["setting net.ipv4.conf.hald-ipip0.rp_filter"]; rp != "2" || m.have.values["address 192.0.2.100/32 dev hald-ipip0"] != held {
		t.Errorf("the new tunnel lacks something: %s", m.world())
	}
}
