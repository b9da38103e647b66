#!/bin/sh
# Before a removal, not before an upgrade ($1: "upgrade" of dpkg, 1 of rpm).
set -e
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl --no-reload disable --now hald.service hald-realserver.service || true
		hald cleanup >/dev/null 2>&1 || true # the unit leaves the services for a next start
	fi
	;;
esac
