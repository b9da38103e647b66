// Package ipvsctl is the kernel's IPVS table as a value: a model of services
// and destinations, a pure plan that turns the table the kernel has into the
// one that is wanted, a handle that reads and writes the kernel's table, and a
// reconciler that keeps it equal to what was last set.
//
// It owns the services that were set through a Reconciler, in this life or in
// an earlier one (the ownership record says which). It never touches any other
// service, never decides what the table should be, never logs, and never
// compares with memory: every round reads first what it is about to change, and all
// of the table every few seconds. The balancer tells it what is wanted; `hald cleanup` asks it to remove what a dead daemon left.
package ipvsctl
