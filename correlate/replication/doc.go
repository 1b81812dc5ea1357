// Package replication finds who replicated from whom, which instance an address means, and the life of each replica's link: its
// outages, from the loss, attempt by attempt, until it was up again. It does so from both ends' logs and dumps, the stronger source first.
//
// It refuses to say why a link was lost, and which outages belong together.
package replication
