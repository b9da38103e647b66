package main

import (
	"fmt"
	"sync"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// sdNotify tells the service manager. With RELOADING=1 it wants to know since when
// (sd_notify(3)).
func sdNotify(state string) {
	if state == "WATCHDOG=1" && !watched() {
		return
	}
	var now unix.Timespec
	if state == "RELOADING=1" && unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) == nil {
		state += fmt.Sprintf("\nMONOTONIC_USEC=%d", now.Nano()/1000)
	}
	daemon.SdNotify(false, state)
}

// watched tells whether the service manager waits for a sign of life (WatchdogSec= of
// systemd.service(5)).
var watched = sync.OnceValue(func() bool {
	every, err := daemon.SdWatchdogEnabled(false)
	return err == nil && every > 0
})
