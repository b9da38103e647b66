package doctor

import "github.com/hald-project/hald/config"

// Local are the findings that this machine lacks what the configuration names: programs,
// files, a scheduler.
func Local(diags config.Diagnostics) []Finding {
	var c chart
	for _, m := range diags.Messages() {
		if m.Severity == "error" {
			c.fail("configuration", m.Summary, "hald check", "%s", m.Detail)
		}
	}
	return c
}
