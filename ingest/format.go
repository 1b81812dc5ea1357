package ingest

import (
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/clients"
	"psyncope/ingest/config"
	"psyncope/ingest/host"
	"psyncope/ingest/info"
	"psyncope/ingest/kernel"
	"psyncope/ingest/latency"
	"psyncope/ingest/logs"
	"psyncope/ingest/notes"
	"psyncope/ingest/slowlog"
)

// HeadBytes is how much of a file is looked at to tell what it is and whose.
const HeadBytes = 64 << 10

// Formats is the only list of artifact kinds. Of those that are equally sure the first takes a file.
func Formats() []artifact.Format {
	return []artifact.Format{
		info.Format(),
		logs.Format(),
		slowlog.Format(),
		config.Format(),
		clients.Format(),
		latency.Format(),
		notes.Format(),
		host.Format(),
		kernel.Format(),
	}
}

// sureEnough is from where nobody else is asked about a file of which there is an idea already: by its name,
// or by the files that it stands with. Asking everybody costs more than reading a small file.
const sureEnough = 80

// ideas are words in file names that tell what is probably inside, the first that fits. They only say who is asked
// first.
var ideas = [...]struct{ word, kind string }{
	{"info", "info"}, {"slowlog", "slowlog"}, {"commandlog", "slowlog"}, {"conf", "config"}, {"client", "clients"}, {"latency", "latency"}, {"vmstat", "host-metrics"}, {"iostat", "host-metrics"}, {"sar", "host-metrics"}, {"sadf", "host-metrics"}, {"collect.log", "collect-notes"}, {"log", "log"},
}

// formatOf is the format that is surest of a file with this name and these first bytes, and how sure it is: 0 where none claims it. likely is the
// kind of the files it stands with.
func (e *engine) formatOf(name string, head []byte, likely string) (format artifact.Format, sure int) {
	if likely == "" {
		lower := strings.ToLower(name)
		for _, i := range ideas {
			if strings.Contains(lower, i.word) {
				likely = i.kind
				break
			}
		}
	}
	if f, ok := e.formatNamed(likely); ok {
		if s := f.Sniff(name, head); s >= sureEnough {
			return f, s
		}
	}
	for _, f := range e.formats {
		if s := f.Sniff(name, head); s > sure {
			format, sure = f, s
		}
	}
	return format, sure
}

func (e *engine) formatNamed(name string) (artifact.Format, bool) {
	for _, f := range e.formats {
		if f.Name == name {
			return f, true
		}
	}
	return artifact.Format{}, false
}
