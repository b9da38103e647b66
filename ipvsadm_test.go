package hald_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ipvsadmOptions are those of ipvsadm(8) 1.31.
var ipvsadmOptions = strings.Fields(`
-A --add-service -E --edit-service -D --delete-service -a --add-server -e --edit-server -d --delete-server -C --clear -R --restore -S --save
-L -l --list -Z --zero --set --start-daemon --stop-daemon -h --help
-t --tcp-service -u --udp-service --sctp-service -f --fwmark-service -6 --ipv6 -s --scheduler -b --sched-flags -p --persistent -M --netmask
--pe -o --ops -r --real-server -g --gatewaying -i --ipip -m --masquerading --tun-type --tun-port --tun-csum --tun-nocsum --tun-remcsum
-w --weight -x --u-threshold -y --l-threshold --mcast-interface --syncid --sync-maxlen --mcast-group --mcast-port --mcast-ttl
--stats --rate --exact --thresholds --persistent-conn --timeout --daemon -c --connection -n --numeric --nosort`)

// TestIpvsadmOptionsAreMapped: docs/ipvsadm.md has exactly one row for every
// option, whose attributes the reference has and whose tests exist.
func TestIpvsadmOptionsAreMapped(t *testing.T) {
	page, err := os.ReadFile("docs/ipvsadm.md")
	if err != nil {
		t.Fatal(err)
	}
	reference, err := os.ReadFile("docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted, name := regexp.MustCompile("`([^`]+)`"), regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	shown := strings.Fields("traffic traffic_per_s persistent_connections") // of the status, not of the configuration
	var found []row
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`-") {
			continue
		}
		for _, option := range quoted.FindAllStringSubmatch(cells[0], -1) {
			found = append(found, row{option[1], cells[2]})
		}
		for _, word := range quoted.FindAllStringSubmatch(cells[1], -1) {
			if name.MatchString(word[1]) && !slices.Contains(shown, word[1]) && !strings.Contains(string(reference), "`"+word[1]+"`") {
				t.Errorf("%s: the reference has no %q", cells[0], word[1])
			}
		}
	}
	for _, fault := range append(missing(found, ipvsadmOptions), unproven(found, tests(t))...) {
		t.Error(fault)
	}
}
