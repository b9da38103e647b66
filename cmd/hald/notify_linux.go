package main

import (
	"fmt"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// sdNotify tells the service manager. With RELOADING=1 it wants to know since when
// (sd_notify(3)).
func sdNotify(state string) {
	var now unix.Timespec
	if state == "RELOADING=1" && unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) == nil {
		state += fmt.Sprintf("\nMONOTONIC_USEC=%d", now.Nano()/1000)
	}
	daemon.SdNotify(false, state)
}
