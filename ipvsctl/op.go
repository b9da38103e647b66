package ipvsctl

import "fmt"

// Op is one change of the kernel's table.
type Op struct {
	Kind        Kind
	Service     Service     // without destinations
	Destination Destination // for the destination kinds
	Timeouts    Timeouts    // for SetTimeouts
	Sync        Daemon      // for StartSync and StopSync
	Sysctl      Sysctl      // for SetSysctl
}

// Kind is what an Op does.
type Kind uint8

// None is the kind of no op at all.
const None Kind = 0

// The other kinds, in the order a plan has them: what is new comes before what goes,
// so a service whose servers are exchanged is never without one.
const (
	AddService Kind = iota + 1
	AddDestination
	UpdateService
	UpdateDestination
	DeleteDestination
	DeleteService // the kernel takes its destinations with it
	SetTimeouts
	StopSync
	StartSync
	SetSysctl
	kinds
)

// String is one line that says all the op would do; equal ops have equal lines.
func (o Op) String() string {
	switch o.Kind {
	case AddService:
		return "add service " + o.Service.String()
	case UpdateService:
		return "update service " + o.Service.String()
	case DeleteService:
		return "delete service " + o.Service.Key.String()
	case AddDestination:
		return fmt.Sprintf("add destination %s -> %s", o.Service.Key, o.Destination)
	case UpdateDestination:
		return fmt.Sprintf("update destination %s -> %s", o.Service.Key, o.Destination)
	case DeleteDestination:
		return fmt.Sprintf("delete destination %s -> %s", o.Service.Key, o.Destination.Address)
	case SetTimeouts:
		return fmt.Sprintf("set timeouts tcp %s tcp-fin %s udp %s", o.Timeouts.TCP, o.Timeouts.TCPFin, o.Timeouts.UDP)
	case StopSync:
		return "stop synchronising connections as " + o.Sync.String()
	case StartSync:
		return "start synchronising connections as " + o.Sync.String()
	case SetSysctl:
		return fmt.Sprintf("set net.ipv4.vs.%s to %q", o.Sysctl.Name, o.Sysctl.Value)
	}
	return fmt.Sprintf("op %d", o.Kind)
}
