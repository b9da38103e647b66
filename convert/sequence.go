package convert

import (
	"strconv"
	"strings"
)

// repeat takes ~SEQ(…) and ~LST(…) before a line.
func (s *source) repeat(text string, at place, depth int) {
	head, rest, closed := strings.Cut(text, ")")
	form, list, begun := strings.Cut(head, "(")
	if !closed || !begun {
		s.report.lost(at, "%q is no sequence", text)
		return
	}
	names, rows := strings.TrimSpace(list), [][]string(nil)
	ok := false
	switch form {
	case "~SEQ", "~SEQx":
		names, rows, ok = sequence(list, form == "~SEQx")
	case "~LST":
		names, rows, ok = listed(list)
	}
	if !ok {
		s.report.lost(at, "%q is no sequence", text)
		return
	}
	variables := fields(names)
	s.work += len(rows)
	for _, row := range rows {
		for i, name := range variables {
			s.names[name] = row[min(i, len(row)-1)]
		}
		if s.resolve(strings.TrimLeft(rest, " \t"), at, depth+1); s.full {
			break
		}
	}
	for _, name := range variables {
		delete(s.names, name)
	}
}

func fields(list string) (all []string) {
	for f := range strings.SplitSeq(strings.Trim(list, "{} \t"), ",") {
		all = append(all, strings.TrimSpace(f))
	}
	return all
}

// sequence is var, [start, [step,]] end.
func sequence(list string, hex bool) (name string, rows [][]string, ok bool) {
	parts := fields(list)
	if len(parts) < 2 || len(parts) > 4 || !isName(parts[0]) {
		return "", nil, false
	}
	var n []int64
	for _, p := range parts[1:] {
		v, err := strconv.ParseInt(p, 0, 32)
		if err != nil {
			return "", nil, false
		}
		n = append(n, v)
	}
	end := n[len(n)-1]
	start, step := int64(1), int64(0)
	if end < 0 {
		start = -1
	}
	if len(n) > 1 {
		start = n[0]
	}
	if len(n) > 2 {
		step = n[1]
	} else if step = 1; end < start {
		step = -1
	}
	if step == 0 || (end-start)/step > maxLines {
		return "", nil, false
	}
	for v := start; step > 0 && v <= end || step < 0 && v >= end; v += step {
		if hex {
			rows = append(rows, []string{strconv.FormatInt(v, 16)})
		} else {
			rows = append(rows, []string{strconv.FormatInt(v, 10)})
		}
	}
	return parts[0], rows, len(rows) > 0
}

// listed is var, value, … or {var, var}, {value, value}, ….
func listed(list string) (names string, rows [][]string, ok bool) {
	if !strings.HasPrefix(strings.TrimSpace(list), "{") {
		parts := fields(list)
		for _, p := range parts[1:] {
			rows = append(rows, []string{p})
		}
		return parts[0], rows, len(rows) > 0 && isName(parts[0])
	}
	for i, part := range strings.Split(list, "}") {
		part = strings.TrimLeft(part, ", \t")
		if part == "" {
			continue
		}
		if i == 0 {
			names = part
			continue
		}
		rows = append(rows, fields(part))
	}
	return names, rows, len(rows) > 0
}
