package director

import (
	"fmt"
	"strings"

	"github.com/hald-project/hald/election"
)

// summaryNames is how many instances of a state have their names in a summary.
const summaryNames = 5

// summarise tells the service manager who is what here, as `systemctl status` shows it, when it has changed.
func (l *life) summarise() {
	if s := "STATUS=" + summary(l.instances, l.d.DryRun); s != l.summary {
		l.summary = s
		l.d.Notify(s)
	}
}

// summary is one line: "master: front, back; fault: third".
func summary(instances []election.Status, trial bool) string {
	names := map[string][]string{}
	for _, i := range instances {
		names[i.State] = append(names[i.State], i.Name)
	}
	var parts []string
	for _, state := range []string{"master", "backup", "fault", "init"} {
		list := names[state]
		if len(list) == 0 {
			continue
		}
		if more := len(list) - summaryNames; more > 0 {
			list = append(list[:summaryNames:summaryNames], fmt.Sprintf("%d more", more))
		}
		parts = append(parts, state+": "+strings.Join(list, ", "))
	}
	if trial {
		parts = append(parts, "a trial: nothing of it is done")
	}
	return strings.Join(parts, "; ")
}
