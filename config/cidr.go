package config

import (
	"fmt"
	"math/big"
	"net/netip"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

var prefixParam = function.Parameter{Name: "prefix", Type: cty.String}

func numberParam(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.Number}
}

// cidrHostFunc is cidrhost(prefix, n): the n-th address of a network, counted
// from its end for a negative n.
var cidrHostFunc = function.New(&function.Spec{
	Params: []function.Parameter{prefixParam, numberParam("hostnum")},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		network, err := parseNetwork(args[0])
		if err != nil {
			return cty.NilVal, err
		}
		n, err := wholeNumber(args[1])
		if err != nil {
			return cty.NilVal, err
		}
		size := new(big.Int).Lsh(big.NewInt(1), uint(network.Addr().BitLen()-network.Bits()))
		if n.Sign() < 0 {
			n.Add(n, size)
		}
		if n.Sign() < 0 || n.Cmp(size) >= 0 {
			return cty.NilVal, fmt.Errorf("the prefix %s has only %s addresses", network, size)
		}
		return cty.StringVal(plus(network.Addr(), n).String()), nil
	},
})

// cidrNetmaskFunc is cidrnetmask(prefix): an IPv4 netmask in dotted form.
var cidrNetmaskFunc = function.New(&function.Spec{
	Params: []function.Parameter{prefixParam},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		network, err := parseNetwork(args[0])
		if err != nil {
			return cty.NilVal, err
		}
		if !network.Addr().Is4() {
			return cty.NilVal, fmt.Errorf("only IPv4 networks have a netmask")
		}
		ones := netip.PrefixFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), network.Bits())
		return cty.StringVal(ones.Masked().Addr().String()), nil
	},
})

// cidrSubnetFunc is cidrsubnet(prefix, newbits, n): the n-th network that is
// newbits longer.
var cidrSubnetFunc = function.New(&function.Spec{
	Params: []function.Parameter{prefixParam, numberParam("newbits"), numberParam("netnum")},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		network, err := parseNetwork(args[0])
		if err != nil {
			return cty.NilVal, err
		}
		extra, err := wholeNumber(args[1])
		if err != nil {
			return cty.NilVal, err
		}
		n, err := wholeNumber(args[2])
		if err != nil {
			return cty.NilVal, err
		}
		room := network.Addr().BitLen() - network.Bits()
		if extra.Sign() < 0 || extra.Cmp(big.NewInt(int64(room))) > 0 {
			return cty.NilVal, fmt.Errorf("the prefix %s can be extended by 0 to %d bits", network, room)
		}
		newbits := int(extra.Int64())
		if n.Sign() < 0 || n.BitLen() > newbits {
			return cty.NilVal, fmt.Errorf("%d more bits make %s networks, numbered from 0", newbits, new(big.Int).Lsh(big.NewInt(1), uint(newbits)))
		}
		first := plus(network.Addr(), n.Lsh(n, uint(room-newbits)))
		return cty.StringVal(netip.PrefixFrom(first, network.Bits()+newbits).String()), nil
	},
})

func parseNetwork(v cty.Value) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(v.AsString())
	if err != nil {
		return p, fmt.Errorf("%q is not a network such as \"10.0.0.0/24\"", v.AsString())
	}
	return p.Masked(), nil
}

func wholeNumber(v cty.Value) (*big.Int, error) {
	n, accuracy := v.AsBigFloat().Int(nil)
	if n == nil || accuracy != big.Exact {
		return nil, fmt.Errorf("a whole number is needed")
	}
	return n, nil
}

// plus is the address n after a; the caller knows that it exists.
func plus(a netip.Addr, n *big.Int) netip.Addr {
	sum := new(big.Int).SetBytes(a.AsSlice())
	sum.Add(sum, n)
	addr, _ := netip.AddrFromSlice(sum.FillBytes(make([]byte, a.BitLen()/8)))
	return addr
}
