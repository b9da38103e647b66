package director

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/config"
)

// TestPlanAndElectionAgree: what a plan says changes in place does in the election,
// and what it says begins anew does.
func TestPlanAndElectionAgree(t *testing.T) {
	a, b, six := config.Address{Prefix: netip.MustParsePrefix("192.0.2.100/24")}, config.Address{Prefix: netip.MustParsePrefix("192.0.2.101/24")}, config.Address{Prefix: netip.MustParsePrefix("2001:db8::1/64")}
	for name, lists := range map[string][2][]config.Address{
		"order": {{a, b}, {b, a}}, "added": {{a}, {a, b}}, "removed": {{a, b}, {b}}, "of the other family, behind": {{a}, {a, six}},
		"another family": {{a, six}, {six, a}}, "the first": {nil, {a}}, "the last": {{a}, nil},
	} {
		for _, with := range []func(*config.Instance){
			func(*config.Instance) {}, func(in *config.Instance) { in.VirtualMAC = true }, func(in *config.Instance) { in.NoAccept = true }, func(in *config.Instance) { in.Priority = 255 },
		} {
			was, is := testConfig(), testConfig()
			with(&was.Instances[0])
			with(&is.Instances[0])
			was.Instances[0].Addresses, is.Instances[0].Addresses = lists[0], lists[1]
			anew := false
			changes := config.Diff(was, is, nil).Changes
			for _, c := range changes {
				anew = anew || c.Effect == config.Anew
			}
			if becomes := ElectionConfig(was).Instances[0].Becomes(ElectionConfig(is).Instances[0]); becomes == anew || len(changes) == 0 {
				t.Errorf("%s, %+v: the plan says %v; the election goes on: %v", name, is.Instances[0], changes, becomes)
			}
		}
	}
	for name, change := range map[string]func(*config.Instance){
		"rules": func(in *config.Instance) { in.Rules = []config.Rule{{Priority: 500, Table: 100}} },
		"routes": func(in *config.Instance) {
			in.Routes = []config.Route{{Destination: netip.MustParsePrefix("203.0.113.0/24"), Table: 254}}
		},
		"lease": func(in *config.Instance) { in.Lease = time.Minute },
		"keys":  func(in *config.Instance) { in.Keys = []config.Key{{ID: 1, Secret: "secret"}} },
	} {
		for i, with := range []func(*config.Instance){
			func(*config.Instance) {}, func(in *config.Instance) { in.VirtualMAC = true }, func(in *config.Instance) { in.NoAccept = true }, func(in *config.Instance) { in.Priority = 255 },
		} {
			was, is := testConfig(), testConfig()
			with(&was.Instances[0])
			with(&is.Instances[0])
			change(&is.Instances[0])
			anew := slices.ContainsFunc(config.Diff(was, is, nil).Changes, func(c config.Change) bool { return c.Effect == config.Anew })
			if becomes := ElectionConfig(was).Instances[0].Becomes(ElectionConfig(is).Instances[0]); becomes == anew || becomes != (i == 0 || name == "keys") {
				t.Errorf("%s, case %d: the plan says it begins anew: %v; the election goes on: %v", name, i, anew, becomes)
			}
		}
	}
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
		case name == "OnConflict":
			f.SetString("hold")
		case name == "OnSplit":
			f.SetString("yield")
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
