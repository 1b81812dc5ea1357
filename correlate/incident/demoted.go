package incident

import (
	"psyncope/correlate/replication"
	"psyncope/ingest/message"
)

// Demoted reports whether the outage is a former primary that comes back as a replica.
func Demoted(o *replication.Outage) bool {
	if o.Promoted {
		return false
	}
	if o.Served {
		return true
	}
	if o.Moved == nil {
		return false
	}
	for i := range o.Replica.Events {
		e := &o.Replica.Events[i]
		if e.At >= o.Moved.At {
			return false
		}
		if e.Is(message.Asked) || e.Kind == message.Promoted {
			return true
		}
	}
	for i := range o.Replica.Samples {
		s := &o.Replica.Samples[i]
		if s.At >= o.Moved.At {
			break
		}
		if s.Role == "master" && s.ConnectedReplicas.Or(0) > 0 {
			return true
		}
	}
	return false
}
