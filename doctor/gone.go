package doctor

import "fmt"

// Settings of IPVS that decide what becomes of connections and clients of a server that was
// deleted or drained (ip_vs_in_hook and ip_vs_check_template in the kernel).
const (
	expireNodest    = "net.ipv4.vs.expire_nodest_conn"
	expireQuiescent = "net.ipv4.vs.expire_quiescent_template"
	connReuse       = "net.ipv4.vs.conn_reuse_mode"
)

// gone judges them. Where the kernel shows none yet, they are as in every network namespace
// that begins: nothing ends sooner, and ports are scheduled anew.
func (d *diagnosis) gone() {
	if len(d.Services) == 0 || !d.Kernel.IPVS && !d.Kernel.Known["ip_vs"] {
		return
	}
	deletes, pins := "", "" // the first service that does
	for _, sv := range d.Services {
		if deletes == "" && sv.OnFail != "quiesce" {
			deletes = sv.Name
		}
		if pins == "" && sv.OnFail != "remove" && sv.Persistence > 0 {
			pins = sv.Name
		}
	}
	switch word := d.settled(expireNodest, d.IPVS.ExpireNodestConn); {
	case deletes == "":
	case word != "":
		d.ok("expire_nodest_conn", "", "%s", word)
	default:
		d.warn("expire_nodest_conn", deletes, keep(expireNodest, "expire_nodest_conn"), "packets of connections to a server that was deleted are dropped silently until those time out: their clients hang, where they could connect anew")
	}
	switch word := d.settled(expireQuiescent, d.IPVS.ExpireQuiescentTemplate); {
	case pins == "":
	case word != "":
		d.ok("expire_quiescent_template", "", "%s", word)
	default:
		d.warn("expire_quiescent_template", pins, keep(expireQuiescent, "expire_quiescent_template"), "a server that fails is left with weight 0 at first, and with persistence its clients' new connections go on to it")
	}
	switch d.Sysctls[connReuse] {
	case "":
	case "0":
		d.warn("conn_reuse_mode", "", "sysctl -w "+connReuse+"=1", "a client that takes a port again gets the server that it had by it, even a drained one where expire_nodest_conn is off: what is to be empty fills up again")
	default:
		d.ok("conn_reuse_mode", "", "a port that a client takes again is scheduled anew")
	}
}

// settled tells why a setting is as it should be; empty if it is not. The configuration's word
// comes before the kernel's, for hald writes it.
func (d *diagnosis) settled(name string, told *bool) string {
	switch {
	case told != nil:
		return fmt.Sprintf("%t, as the configuration says", *told)
	case d.number(name) != 0:
		return "on"
	}
	return ""
}

// keep is how to switch a setting on, now and for good.
func keep(name, key string) string {
	return fmt.Sprintf("sysctl -w %s=1; or in the configuration, for hald to keep it: ipvs { %s = true }", name, key)
}
