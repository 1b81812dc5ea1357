// Package questions answers what a post-mortem asks of an incident beside its cause: what was lost, who could not write or read and for
// how long, whether there were two primaries, why roles changed and to whom, who ran or asked for what, and what each full resync cost.
//
// An answer rests on lines of evidence or on arithmetic over them; where the evidence does not tell, that is the answer, with
// what would have told. The package judges nothing: the cause is found before, and no answer changes it. What was not asked for by the
// kind of incident is left out: without a change of roles nobody asks why one happened.
package questions
