package questions

import "psyncope/ingest/table"

// An instant or a length on the axis, in microseconds: every line here speaks of them.
type micros = table.Micros

const (
	second  = table.Second
	unknown = micros(table.Null)
)
