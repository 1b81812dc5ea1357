// Package chain tells an incident as steps, each led to by a rule "X leads to Y" from an earlier one. Chains, roots and loops come out
// of the rules.
//
// It refuses to judge: the cause is given to it.
package chain
