// Package sizing works out what a backlog, an output buffer limit or a repl-timeout would have had to be, what is recommended, and
// how many full resyncs other settings would have left. Sizes are bytes.
//
// It refuses to recommend a backlog where none would have helped.
package sizing
