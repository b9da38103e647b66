package director

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/hald-project/hald/config"
)

// TestPlanAndElectionAgree: what a plan says changes in place does in the election,
// and what it says begins anew does.
func TestPlanAndElectionAgree(t *testing.T) {
	t.Run("order", func(t *testing.T) {
		was, is := testConfig(), testConfig()
		a, b := netip.MustParsePrefix("192.0.2.100/24"), netip.MustParsePrefix("192.0.2.101/24")
		was.Instances[0].Addresses, is.Instances[0].Addresses = []config.Address{{Prefix: a}, {Prefix: b}}, []config.Address{{Prefix: b}, {Prefix: a}}
		changes := config.Diff(was, is, []string{is.Instances[0].Name}).Changes
		if ElectionConfig(was).Instances[0].Becomes(ElectionConfig(is).Instances[0]) || len(changes) != 1 || changes[0].Interrupts == "" {
			t.Errorf("the election begins anew, the plan says %v", changes)
		}
	})
	was := testConfig()
	for i := range reflect.TypeFor[config.Instance]().NumField() {
		is := testConfig()
		f := reflect.ValueOf(&is.Instances[0]).Elem().Field(i)
		name := reflect.TypeFor[config.Instance]().Field(i).Name
		switch {
		case name == "Name":
			continue
		case f.Kind() == reflect.Uint8:
			f.SetUint(f.Uint() + 1)
		case f.Type() == reflect.TypeFor[time.Duration]():
			f.SetInt(f.Int() + int64(time.Second))
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		case f.Kind() == reflect.String:
			f.SetString("rfc5798")
		case name == "Peers":
			is.Instances[0].Peers = []netip.Addr{netip.MustParseAddr("192.0.2.12")}
		case f.Kind() == reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case name == "Announce":
			is.Instances[0].Announce.Count = 7
		default:
			continue // an address, whose zero value is none
		}
		anew := false
		for _, c := range config.Diff(was, is, nil).Changes {
			anew = anew || c.Effect == config.Anew
		}
		if becomes := ElectionConfig(was).Instances[0].Becomes(ElectionConfig(is).Instances[0]); becomes == anew {
			t.Errorf("%s: the plan says it begins anew: %v; the election goes on: %v", name, anew, becomes)
		}
	}
}
