package correlate

import "fmt"

// notes adds what is worth saying and is no incident.
func (g *group) notes(d *Diagnosis, o Options, p *plan) {
	for _, l := range g.links {
		if l.first && !failing(l) && !l.demoted() && l.restored != unknown && o.tells(l.lost, l.restored) {
			n := Note{Kind: "provisioning", Instance: l.replica.name, At: stampOf(l.lost), Summary: fmt.Sprintf("%s was provisioned in %s", l.replica.name, length(l.restored-l.lost)), Evidence: []Evidence{}}
			if l.restoredEv != nil {
				n.Evidence = append(n.Evidence, l.restoredEv.evidence())
			}
			d.Notes = append(d.Notes, n)
		}
	}
	indicators(g, p, d, o)
}
