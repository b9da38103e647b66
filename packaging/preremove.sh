#!/bin/sh
# Before a removal, not before an upgrade ($1: "upgrade" of dpkg, 1 of rpm).
set -e
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl --no-reload disable --now hald.service hald-realserver.service || true
	fi
	;;
esac
