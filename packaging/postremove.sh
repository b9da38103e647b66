#!/bin/sh
# After a removal; "purge" of dpkg also forgets what was remembered.
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload || true
[ "$1" != purge ] || rm -rf /var/lib/hald /run/hald
