package discovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"
)

// maxFile is how large a file may be.
const maxFile = 1 << 20

// entry is one server in a file.
type entry struct {
	Address string `json:"address"`          // ADDRESS or ADDRESS:PORT
	Weight  *int   `json:"weight,omitempty"` // 0–65535
}

// Read answers a Source of kind File. An error says where in the file it is.
func Read(s Source) Answer {
	f, err := os.OpenFile(s.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hold us
	if err != nil {
		return Answer{Err: err}
	}
	defer f.Close()
	if is, err := f.Stat(); err != nil || !is.Mode().IsRegular() {
		return Answer{Err: errors.Join(err, fmt.Errorf("%s is no regular file", s.Name))}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return Answer{Err: err}
	case len(text) > maxFile:
		return Answer{Err: fmt.Errorf("%s is larger than %d bytes", s.Name, maxFile)}
	}
	return parse(s, text)
}

// parse reads a list of servers: [{"address": "192.0.2.7:8080", "weight": 2}].
func parse(s Source, text []byte) Answer {
	var all []Server
	seen := make(map[netip.AddrPort]bool)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	fail := func(offset int64, err error) Answer {
		line, column := position(text, offset)
		return Answer{Err: fmt.Errorf("%s:%d:%d: %w", s.Name, line, column, err)}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return fail(0, errors.New(`a list of servers is needed: [{"address": "192.0.2.7"}]`))
	}
	for d.More() {
		from := d.InputOffset()
		if text[from] == ',' {
			from++
		}
		at := start(text, from)
		var e entry
		if err := d.Decode(&e); err != nil {
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				at = from + syntax.Offset - 1 // it counts from there
			}
			return fail(at, err)
		}
		server, err := s.server(e)
		switch {
		case err != nil:
			return fail(at, err)
		case seen[server.Address]:
			return fail(at, fmt.Errorf("%s is there twice", e.Address))
		case len(all) == MaxServers:
			return fail(at, fmt.Errorf("more than %d servers", MaxServers))
		}
		seen[server.Address] = true
		all = append(all, server)
	}
	if _, err := d.Token(); err != nil {
		return fail(d.InputOffset(), errors.New("the list does not end"))
	}
	if _, err := d.Token(); err != io.EOF {
		return fail(start(text, d.InputOffset()), errors.New("something follows the list"))
	}
	return Answer{Servers: inOrder(all)}
}

func (s Source) server(e entry) (Server, error) {
	a, err := netip.ParseAddrPort(e.Address)
	if err != nil {
		address, bare := netip.ParseAddr(e.Address)
		if bare != nil {
			return Server{}, fmt.Errorf("address %q is not ADDRESS or ADDRESS:PORT", e.Address)
		}
		a = netip.AddrPortFrom(address, 0)
	} else if a.Port() == 0 {
		return Server{}, fmt.Errorf("address %q has port 0", e.Address)
	}
	if e.Weight != nil && (*e.Weight < 0 || *e.Weight > 65535) {
		return Server{}, fmt.Errorf("weight %d is not 0 to 65535", *e.Weight)
	}
	return Server{Address: a, Weight: e.Weight}, s.accept(a)
}

// start is where the next value begins.
func start(text []byte, offset int64) int64 {
	for offset < int64(len(text)) && bytes.IndexByte([]byte(" \t\r\n,"), text[offset]) >= 0 {
		offset++
	}
	return offset
}

// position is an offset as editors count.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(max(offset, 0), int64(len(text)))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
