package cause

import (
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

var authFailed = Cause{
	Kind: "auth-failed", On: onReplica, Blocks: true,
	Prose: "Credentials, ACL rules, TLS or protected mode refused the link. It often shows only at the first reconnect after the password changed: the old connection went on unharmed.",
	Clues: []Clue{
		{Says: "the primary refused the replica's credentials", Ask: said("suspect", replication.Replies(replication.AuthWords...), "was refused"), For: Said, Against: Unusual},
		{Says: "the primary could not agree on TLS with who connected", Ask: said("primary", replication.TLSRefused, "could not agree on TLS"), For: Hard},
		{Says: "acl_access_denied_auth rose on the primary", Ask: counterRose(func(s *timeline.Sample) int64 { return s.DeniedAuth.Or(-1) }, "acl_access_denied_auth"), For: Usual},
	},
	Fix: []string{"set-masterauth"},
}
