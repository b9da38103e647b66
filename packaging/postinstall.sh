#!/bin/sh
# After an installation or an upgrade. A running daemon goes on as it is: it has the program that it
# was started with, its workers too, and an upgrade of both directors at once must not be an outage.
set -e
command -v systemd-sysusers >/dev/null && systemd-sysusers hald.conf || true
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	if systemctl is-active --quiet hald.service; then
		echo "hald: the running daemon is the old one; when the peer is fit: systemctl restart hald"
	fi
fi
