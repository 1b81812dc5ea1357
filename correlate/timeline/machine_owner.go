package timeline

import (
	"path"
	"slices"
	"strings"
)

// giveMachines gives what is told of machines alone to the servers that run on them, and returns the servers. A machine is a server's where it
// bears the name or address by which others speak of the server, or where its files lie in the server's directory or above it, unless
// servers of several machines do.
func giveMachines(hs []*Host) []*Host {
	var servers, machines []*Host
	for _, h := range hs {
		if h.tells() || len(h.Machine)+len(h.Kernel) == 0 {
			servers = append(servers, h)
		} else {
			machines = append(machines, h)
		}
	}
	if len(machines) == 0 {
		return hs
	}
	for _, m := range machines {
		on := serversNamed(servers, m.Name)
		if len(on) == 0 {
			on = serversBelow(servers, path.Dir(m.machineFile()))
		}
		for _, h := range on {
			h.Machine, h.Kernel = append(h.Machine, m.Machine...), append(h.Kernel, m.Kernel...)
		}
	}
	return servers
}

// tells reports whether anything is told of the host's server.
func (h *Host) tells() bool {
	return len(h.Samples)+len(h.Events)+len(h.Commands)+len(h.Replicas)+len(h.Stats)+len(h.latency)+len(h.Clients)+len(h.Settings) > 0 || h.slowlogSeen
}

func (h *Host) machineFile() string {
	if len(h.Machine) > 0 {
		return h.Machine[0].File
	}
	return h.Kernel[0].File
}

func serversNamed(servers []*Host, name string) []*Host {
	name = path.Base(name)
	var on []*Host
	for _, h := range servers {
		if slices.ContainsFunc(append(slices.Clone(h.Addrs), h.Reached...), func(a string) bool { return a == name || strings.HasPrefix(a, name+":") }) {
			on = append(on, h)
		}
	}
	return on
}

func serversBelow(servers []*Host, dir string) []*Host {
	var on []*Host
	ips := map[string]bool{}
	for _, h := range servers {
		if !slices.ContainsFunc(h.filesSeen(), func(f string) bool { return strings.HasPrefix(f, dir+"/") }) {
			continue
		}
		on = append(on, h)
		ip := h.Name
		if len(h.Addrs) > 0 {
			ip, _, _ = strings.Cut(h.Addrs[0], ":")
		}
		ips[ip] = true
	}
	if len(ips) > 1 {
		return nil
	}
	return on
}

// filesSeen is one file of each kind of evidence of the host's.
func (h *Host) filesSeen() []string {
	var out []string
	if len(h.Samples) > 0 {
		out = append(out, h.Samples[0].File)
	}
	if len(h.Events) > 0 {
		out = append(out, h.Events[0].File)
	}
	if len(h.Commands) > 0 {
		out = append(out, h.Commands[0].File)
	}
	for _, s := range h.Settings {
		return append(out, s.File)
	}
	return out
}
