#!/bin/bash
# A machine to install on: an overlay over this one's root, so that nothing of it is changed, in namespaces
# of its own, with systemd as its first process and nothing of this machine's services. In it runs what
# the rest of the arguments say, with /package for its files; the machine ends with it. Arguments:
# a folder to work in, its files, comma-separated, the program.
set -eu
work=$1 files=$2
shift 2

mount -t tmpfs none "$work"
mkdir "$work"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
# settings of the kernel are everybody's, but for those of the network
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 none "$root/dev"
for node in null zero full random urandom tty; do
	: >"$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root"/dev/{pts,shm}
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs none "$root/run"
mount -t tmpfs -o mode=1777 none "$root/tmp"

mkdir "$root/package"
for file in ${files//,/ }; do cp "$file" "$root/package/"; done
rm -rf "$root"/etc/systemd/system "$root"/etc/hald "$root"/var/log/journal "$root"/usr/sbin/policy-rc.d
mkdir "$root/etc/systemd/system"
for unit in dev-hugepages.mount sys-fs-fuse-connections.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
	systemd-modules-load.service systemd-remount-fs.service systemd-sysctl.service; do
	ln -s /dev/null "$root/etc/systemd/system/$unit"
done
rm -f "$root/etc/machine-id" "$root/var/lib/man-db/auto-update"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"

echo lb1 >"$root/etc/hostname"
hostname lb1
ip link set lo up
ip link add eth0 type veth peer name far
ip addr add 192.0.2.11/24 dev eth0
ip link set eth0 up && ip link set far up

cd "$root"
mkdir old
pivot_root . old
umount -l old
rmdir old
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
{
	until [ -S /run/systemd/private ]; do sleep 0.1; done
	timeout 60 systemctl is-system-running --wait >/dev/null || true # it may say "degraded"
	"$@" || journalctl --no-pager -o cat -b | tail -200
	systemctl poweroff -ff
} &
exec env -i container=test "PATH=$PATH" /lib/systemd/systemd --system --unit=basic.target --show-status=no >/run/systemd.log 2>&1 </dev/null
