//go:build linux

package main

import "testing"

func TestMarkdown(t *testing.T) {
	r := report{runs: 3}
	for _, run := range []figure{0.1, 0.3, 0.2} {
		gap := r.table("The gap", "hald", "keepalived").row("stop", "609 ms", seconds)
		gap.add("hald", run)
		gap.add("keepalived", 10*run)
	}
	r.table("The gap").row("kill", "", seconds).add("hald", never)
	r.table("Changes of hands", "hald").row("stop", "1", times).add("hald", 1)

	const want = `### The gap

| event | bound | hald | keepalived |
|---|---|---|---|
| stop | 609 ms | 200 ms (100–300) | 2.00 s (1.00–3.00) |
| kill |  | never, n = 1 | – |

### Changes of hands

| event | bound | hald |
|---|---|---|
| stop | 1 | 1 times, n = 1 |

`
	if got := r.markdown(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
