package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestScanCommand(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root for raw sockets")
	}
	if code, out, errOut := hald(t, "scan", "-i", "lo", "--for", "20ms"); code != 0 || !strings.Contains(out, "No VRRP router") {
		t.Errorf("an empty link: %d, %q, %q", code, out, errOut)
	}
	code, out, errOut := hald(t, "scan", "-i", "lo", "--for", "20ms", "-o", "json")
	var routers []router
	if err := json.Unmarshal([]byte(out), &routers); code != 0 || err != nil || len(routers) != 0 {
		t.Errorf("JSON: %d, %q, %q: %v", code, out, errOut, err)
	}
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"scan"}, codeUsage},
		{[]string{"scan", "-i", "lo", "--for", "0s"}, codeUsage},
		{[]string{"scan", "-i", "nosuch0"}, codeFailed},
	} {
		if code, _, errOut := hald(t, tt.args...); code != tt.code || errOut == "" {
			t.Errorf("%q: exit %d, %q; want %d", tt.args, code, errOut, tt.code)
		}
	}
}

func TestRouterTable(t *testing.T) {
	got := routerTable([]router{
		{VRID: 51, Source: "192.0.2.11", Version: 3, Priority: 150, IntervalMS: 100, Checksum: "rfc5798", Addresses: []string{"192.0.2.100"}, Adverts: 7, Discard: "ttl"},
		{VRID: 51, Source: "192.0.2.12", Version: 2, Priority: 90, IntervalMS: 1000, Addresses: []string{"192.0.2.100"}, Adverts: 3},
	})
	want := "VRID  FROM        VERSION  PRIORITY  INTERVAL  CHECKSUM  ADVERTS  ADDRESSES    IGNORED FOR\n" +
		"51    192.0.2.11  3        150       100ms     rfc5798   7        192.0.2.100  ttl\n" +
		"51    192.0.2.12  2        90        1s        -         3        192.0.2.100\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
