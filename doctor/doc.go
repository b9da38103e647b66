// Package doctor says whether a machine is ready to be a director, and what to do if it
// is not: every finding names the problem and the command that cures it.
//
// [Gather] collects [Facts] from the kernel and from the wire: it changes nothing, sends
// no advertisement, and asks the links with probes that claim nothing. [Diagnose] judges
// them. It is pure, so that every judgement can be tried without the trouble it is about.
package doctor
