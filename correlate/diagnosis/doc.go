// Package diagnosis is what the analysis has to say, as one struct: the form in which --format json prints it, the merging of several,
// and the phrases in which the analysis speaks. Reports are made from it alone.
//
// It refuses to know how anything was found: it holds no rows of evidence beyond the lines that are quoted, and imports nothing
// of the analysis.
package diagnosis
