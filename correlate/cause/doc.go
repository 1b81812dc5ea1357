// Package cause weighs what may have begun an incident. A cause is a value in a file of its own: its prose, its clues with what each
// answer is worth, and what mends it. A clue asks the evidence and is told yes, no, or that the evidence does not say.
//
// It refuses to conclude from silence: where an artifact is absent a clue is unknown, which lowers belief and acquits nobody.
package cause
