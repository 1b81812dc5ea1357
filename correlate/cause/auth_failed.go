package cause

import (
	"psyncope/correlate/replication"
)

var authFailed = Cause{
	Kind: "auth-failed", On: onReplica, Blocks: true,
	Told:  "the credentials of %s were refused",
	Prose: "Credentials, ACL rules, TLS or protected mode refused the link. It often shows only at the first reconnect after the password changed: the old connection went on unharmed.",
	Clues: []Clue{
		{Says: "the primary refused the replica's credentials", Ask: said("suspect", replication.Replies(replication.AuthWords...), "was refused"), For: Said},
		{Says: "the primary could not agree on TLS with who connected", Ask: said("primary", replication.TLSRefused, "could not agree on TLS"), For: Hard},
	},
	Fix: []string{"set-masterauth"},
}
