#!/bin/bash
# The life of the package on a machine: an overlay over this one's root, so that nothing of it is
# changed, in network and mount namespaces of its own. Arguments: a folder to work in, the first
# .deb and the one that upgrades it. Each step says what it is; the first that is not true ends it.
set -eu
work=$1 first=$2 second=$3

mount -t tmpfs none "$work"
mkdir "$work"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs none "$root/run"
mkdir "$root/package" && cp "$first" "$root/package/first.deb" && cp "$second" "$root/package/second.deb"
in_root() { chroot "$root" "$@"; }
say() { echo "== $SECONDS s: $*"; }
true_that() { "$@" || { echo "not true: $*"; exit 1; }; }
until_true() { for _ in $(seq 100); do "$@" && return; sleep 0.1; done; echo "never true: $*"; return 1; }

ip link set lo up
ip link add eth0 type veth peer name far
ip addr add 192.0.2.11/24 dev eth0
ip link set eth0 up && ip link set far up

say install
in_root dpkg -i /package/first.deb
true_that [ "$(in_root hald version | head -1 | cut -d' ' -f1)" = hald ]
true_that in_root getent group hald
true_that [ -s "$root/usr/share/man/man1/hald-run.1" ]
true_that [ -z "$(in_root systemd-analyze verify hald.service hald-realserver.service 2>&1 | grep -v 'man:')" ]
true_that [ -s "$root/usr/share/doc/hald/docs/operations.md" ]
true_that [ -x "$root/usr/share/doc/hald/contrib/journald/hald-alerts" ]
# bash-completion asks for it by name
true_that grep -q __start_hald "$root/usr/share/bash-completion/completions/hald"

say "the examples that it brings are valid"
for example in "$root"/usr/share/doc/hald/examples/*.hcl; do
	in_root hald check --all -c "/usr/share/doc/hald/examples/$(basename "$example")"
done

say "start, by the unit's own line"
cat >"$root/etc/hald/cluster.hcl" <<'HCL'
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "front" {
  interface              = "eth0"
  virtual_router_id      = 51
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "100ms"
  virtual_addresses      = ["192.0.2.100/24"]
}
HCL
mkdir "$root/run/hald" "$root/var/lib/hald"
start=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/hald.service")
HALD_DIRECTOR=lb1 chroot "$root" $start >"$work/log" 2>&1 &
daemon=$!
holds() { ip -o addr show dev eth0 | grep -q 192.0.2.100/24; }
until_true holds

say "upgrade: the running daemon goes on, and so do its addresses"
in_root dpkg -i /package/second.deb
true_that kill -0 $daemon
true_that holds
true_that [ "$(in_root hald status -o json | grep -c '"state": *"master"')" = 1 ]
true_that [ -s "$root/etc/hald/cluster.hcl" ]

say "its workers are still of the program that it was started with"
election=$(pgrep -P $daemon | head -1)
kill -9 "$election"
new_election() { e=$(pgrep -P $daemon -f 'worker election'); [ -n "$e" ] && [ "$e" != "$election" ] && holds; }
until_true new_election

say stop
kill $daemon
wait $daemon
true_that [ -z "$(ip -o addr show dev eth0 | grep 192.0.2.100)" ]

say "what a killed one leaves is cleaned up by the unit's ExecStopPost"
HALD_DIRECTOR=lb1 chroot "$root" $start >>"$work/log" 2>&1 &
daemon=$!
until_true holds
kill -9 $daemon $(pgrep -P $daemon)
wait $daemon || true
HALD_DIRECTOR=lb1 chroot "$root" $(sed -n 's/^ExecStopPost=//p' "$root/lib/systemd/system/hald.service")
true_that [ -z "$(ip -o addr show dev eth0 | grep 192.0.2.100)" ]

say remove
in_root dpkg -r hald
true_that [ ! -e "$root/usr/bin/hald" ]
true_that [ -s "$root/etc/hald/cluster.hcl" ]
say purge
in_root dpkg -P hald
true_that [ ! -e "$root/var/lib/hald" ]
true_that [ ! -e "$root/etc/hald/README" ]
true_that [ -s "$root/etc/hald/cluster.hcl" ] # it is the operator's
say "that is all"
