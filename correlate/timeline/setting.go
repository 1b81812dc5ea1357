package timeline

import (
	"cmp"
	"strings"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Value is a setting's present value, "" where nothing tells it.
func (h *Host) Value(name string) string { return h.Setting(name).Value }

// Setting is what a host runs with; Assumed is true where it was not read from its own evidence.
type Setting struct {
	table.Setting
	Assumed bool // the version's default, not read
}

// Version is the newest version the host was seen running, and its flavor.
func (h *Host) Version() (flavor, version string) {
	for i := len(h.Samples) - 1; i >= 0; i-- {
		if h.Samples[i].Version != "" {
			return cmp.Or(h.Samples[i].Flavor, "redis"), h.Samples[i].Version
		}
	}
	if h.release == nil {
		h.release = h.releaseOfLog()
	}
	return h.release.flavor, h.release.version
}

// release is which server, and which version of it.
type release struct{ flavor, version string }

func (h *Host) releaseOfLog() *release {
	for i := len(h.Events) - 1; i >= 0; i-- {
		e := &h.Events[i]
		if (e.Is(message.Banner) || e.Kind == message.ServerStarted) && e.Detail != "" {
			flavor := "redis"
			if strings.Contains(e.Text, "alkey") {
				flavor = "valkey"
			}
			return &release{flavor, e.Detail}
		}
	}
	return &release{flavor: "redis"}
}

// Setting is what the host runs with: what its evidence says, else the version's default.
func (h *Host) Setting(name string) Setting {
	if s, ok := h.Settings[name]; ok && s.Value != "" {
		return s
	}
	if s, ok := h.Peers[name]; ok {
		s.Assumed = true
		return s
	}
	flavor, version := h.Version()
	v, _ := table.DefaultSetting(name, flavor, version)
	return Setting{Setting: table.Setting{Name: name, Value: v}, Assumed: true}
}

// Bytes is a size setting in bytes; ok is false where neither evidence nor a default gives one.
func (h *Host) Bytes(name string) (n int64, assumed, ok bool) {
	s := h.Setting(name)
	n, ok = table.ParseSize(s.Value)
	return n, s.Assumed, ok
}

// Duration is a setting in whole seconds.
func (h *Host) Duration(name string) micros {
	n, _, ok := h.Bytes(name)
	if !ok {
		return 0
	}
	return micros(n) * second
}

// ReplicaLimit is client-output-buffer-limit's class for replicas. From 7.0 the server takes the backlog's size for the
// hard limit where that is larger (7.0.15 networking.c:3771): it shares the memory.
func (h *Host) ReplicaLimit() (hard, soft, softSeconds int64, ok bool) {
	const name = "client-output-buffer-limit"
	if hard, soft, softSeconds, ok = table.ParseOutputBufferLimit(h.Setting(name).Value, "replica"); ok {
		return hard, soft, softSeconds, ok
	}
	// A configuration file that sets other classes leaves this one at its default.
	flavor, version := h.Version()
	v, _ := table.DefaultSetting(name, flavor, version)
	return table.ParseOutputBufferLimit(v, "replica")
}
