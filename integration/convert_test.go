package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// savedTable is a table with something of everything that a kernel has and hald knows.
const savedTable = `-A -t 203.0.113.10:80 -s wlc -p 120
-a -t 203.0.113.10:80 -r 203.0.113.35:80 -g -w 1
-a -t 203.0.113.10:80 -r 203.0.113.119:80 -g -w 1
-A -t 203.0.113.10:443 -s sh -b sh-fallback,sh-port
-a -t 203.0.113.10:443 -r 203.0.113.21:8443 -m -w 3
-a -t 203.0.113.10:443 -r 203.0.113.22:443 -m -w 0 -x 1000 -y 900
-A -u 203.0.113.10:53 -s rr -o
-a -u 203.0.113.10:53 -r 203.0.113.21:53 -i -w 1
-a -u 203.0.113.10:53 -r 203.0.113.22:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-a -u 203.0.113.10:53 -r 203.0.113.23:53 -g -w 2
-A -f 3 -s wrr -p 300 -M 255.255.255.0
-a -f 3 -r 203.0.113.21:0 -g -w 1
-A -t [2001:db8::10]:80 -s lc
-a -t [2001:db8::10]:80 -r [2001:db8::21]:80 -g -w 1
`

// keepalivedTable has the services of the tutorial's scheme and others, whose servers
// keepalived takes for healthy at first.
const keepalivedTable = `
virtual_server_group WEB { 203.0.113.11-12 80
    203.0.113.13 8080
    fwmark 7 }
virtual_server 203.0.113.10 80 {
    delay_loop 60
    lb_algo wlc
    lb_kind DR
    persistence_timeout 120
    protocol TCP
    real_server 203.0.113.119 80 { weight 1 }
    real_server 203.0.113.35 80 { weight 1
        uthreshold 100
        lthreshold 50 }
}
virtual_server 203.0.113.10 443 {
    lb_algo sh
    sh-port
    protocol TCP
    persistence_timeout
    persistence_granularity 255.255.255.0
    real_server 203.0.113.21 8443 { weight 5 }
    real_server 203.0.113.22 443 { lb_kind DR }
    real_server 203.0.113.23 443 { lvs_method DR }
}
virtual_server group WEB {
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    real_server 203.0.113.21 81 { weight 2 }
}
virtual_server 203.0.113.10 53 {
    lb_algo rr
    lb_kind TUN
    ops
    protocol UDP
    real_server 203.0.113.21 53 { }
}
virtual_server 2001:db8::10 80 {
    lb_kind DR
    protocol TCP
    real_server 2001:db8::21 80 { }
}
`

// TestConvertedTables: the table that hald makes of a converted configuration is that
// of who had it before: ipvsadm, and keepalived.
func TestConvertedTables(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	file := l.WriteFile("saved", savedTable)
	l.Run("lb1", "sh", "-c", "ipvsadm -R < "+file+" && ipvsadm -Sn > "+file)
	before := table(l, "lb1")
	if strings.Count(before, "\n") != strings.Count(savedTable, "\n") {
		t.Fatalf("ipvsadm has not taken all of it:\n%s", before)
	}
	l.Run("lb1", "ipvsadm", "-C")
	convertedTable(t, l, file, before)

	keepalived := l.KeepalivedWith("lb1", keepalivedTable)
	keepalived.Start()
	l.Eventually(settle, "keepalived has made its services", func() bool {
		return strings.Count(table(l, "lb1"), "-A ") == 8 && strings.Count(table(l, "lb1"), "-a ") == 11
	})
	before = table(l, "lb1")
	keepalived.Stop()
	convertedTable(t, l, l.WriteFile("keepalived.conf", keepalivedTable), before)
}

// convertedTable runs hald with what comes of a file, and waits for the table.
func convertedTable(t *testing.T, l *lab.Lab, file, want string) {
	t.Helper()
	out := l.Folder() + "/" + "converted.hcl"
	l.Run("lb1", "sh", "-c", "rm -f "+out+"; "+lab.HaldBinary()+" convert "+file+" -o "+out)
	hald := l.HaldWith("lb1", out)
	hald.Start()
	got := ""
	for end := time.Now().Add(settle); got != want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		got = table(l, "lb1")
	}
	if got != want {
		t.Errorf("hald's table of %s is\n%s\nwant\n%s", file, got, want)
	}
	hald.Stop()
	l.Run("lb1", "ipvsadm", "-C")
}
