// Package record reads structured text, whatever it is written in: JSON in any nesting (a line each, printed over several, an array,
// one object behind another, JSON inside JSON's strings), what Python and Go print of a map, CSV and TSV, Markdown's tables, key=value.
// It hands out flat records: fields with the path at which each stands, its text, and the line it is from.
//
// It knows no vendor and no field's name, and it does not know what a record means: package untangle does.
package record
