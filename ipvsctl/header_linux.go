package ipvsctl

// Commands and attributes of the generic-netlink family IPVS (linux/ip_vs.h).
const (
	cmdNewService = 1 + iota
	cmdSetService
	cmdDelService
	cmdGetService
	cmdNewDest
	cmdSetDest
	cmdDelDest
	cmdGetDest
	cmdNewDaemon = 9
	cmdDelDaemon = 10
	cmdGetDaemon = 11
	cmdSetConfig = 12
	cmdGetConfig = 13
)

const (
	attrService       = 1
	attrDest          = 2
	attrDaemon        = 3
	attrTimeoutTCP    = 4
	attrTimeoutTCPFin = 5
	attrTimeoutUDP    = 6
)

const (
	svcFamily    = 1
	svcProtocol  = 2
	svcAddress   = 3
	svcPort      = 4
	svcMark      = 5
	svcScheduler = 6
	svcFlags     = 7
	svcTimeout   = 8
	svcNetmask   = 9
	svcEngine    = 11
	svcTraffic   = 12 // IPVS_SVC_ATTR_STATS64
)

const (
	destAddress     = 1
	destPort        = 2
	destMethod      = 3
	destWeight      = 4
	destUpper       = 5
	destLower       = 6
	destActive      = 7
	destInactive    = 8
	destPersistent  = 9
	destFamily      = 11
	destTraffic     = 12 // IPVS_DEST_ATTR_STATS64
	destTunnelKind  = 13
	destTunnelPort  = 14
	destTunnelFlags = 15
)

const (
	daemonState     = 1
	daemonInterface = 2
	daemonID        = 3
)
