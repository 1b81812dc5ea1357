// Package fleetpage puts the page for the morning down: as text, Markdown, HTML, JSON and CSV, as metrics for Prometheus, and as a message of
// what is new. It computes nothing: what stands on the page is in the [fleet.Page].
//
// Names and texts of the evidence are somebody else's: each form makes them inert as package report does.
package fleetpage
