package lab

// SecondLink joins the directors by a bridge of its own. Their interfaces there
// have IPv6 link-local addresses only.
func (l *Lab) SecondLink() {
	l.t.Helper()
	l.must(l.bridge.do(func() error { return addBridge(secondBridge) }))
	for _, name := range Directors {
		l.SecondLinkOf(name)
	}
}

// SecondLinkOf makes one director's interface on the second link, once more if
// it was deleted.
func (l *Lab) SecondLinkOf(name string) {
	l.t.Helper()
	n := l.director(name)
	l.must(l.bridge.do(func() error { return addPort(secondBridge, SecondPort(name), SecondInterface, n.fd) }))
	l.must(n.set("ipv6/conf/eth1/accept_dad=0"))
	l.must(n.do(func() error { return setUp(SecondInterface) }))
}

// SecondPort is a director's port on the second link, for CutLink, RestoreLink
// and Lose.
func SecondPort(director string) string { return director + "-eth1" }
