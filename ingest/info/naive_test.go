package info

import (
	"bytes"
	"strconv"
	"strings"

	"psyncope/ingest/table"
)

// naive is what the Reader must agree with: a parser of one dump that keeps nothing, splits lines by Split and
// knows its fields by a map. It is given one dump at a time, so that it says nothing of where dumps begin.
func naive(dump []byte) (table.Sample, []table.Replica) {
	var s state
	most := map[string]int64{}
	at := map[string]any{}
	for _, f := range fields {
		p := f.at(&s)
		switch p := p.(type) {
		case *table.Int:
			*p = table.Null
		case *table.Float:
			*p = table.NoFloat()
		}
		at[f.name], most[f.name] = p, f.most
	}
	var replicas []table.Replica
	for _, l := range bytes.Split(dump, []byte("\n")) {
		key, value, ok := strings.Cut(string(l), ":")
		key, value = strings.TrimLeft(key, " \t>|"), strings.TrimSpace(value)
		if !ok {
			continue
		}
		switch p := at[key].(type) {
		case *table.Int:
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && value[0] != '+' && table.Within(n, most[key]) {
				*p = table.Int(n)
			}
		case *table.Float:
			if f, err := strconv.ParseFloat(value, 64); err == nil && len(strings.Replace(value, ".", "", 1)) <= 15 {
				*p = table.Float(f)
			}
		case *string:
			*p = value
			if key == "config_file" && value == "" {
				*p = table.NoConfigFile
			}
		}
		if n, found := strings.CutPrefix(key, "slave"); found && n != "" && strings.Trim(n, "0123456789") == "" {
			r := table.Replica{Offset: table.Null, LagSeconds: table.Null}
			words := map[string]string{}
			for _, w := range strings.Split(value, ",") {
				k, v, _ := strings.Cut(w, "=")
				words[k] = v
			}
			r.Addr, r.State, r.Channel = words["ip"]+":"+words["port"], words["state"], words["type"]
			if n, err := strconv.ParseInt(words["offset"], 10, 64); err == nil && table.Within(n, table.MostCount) {
				r.Offset = table.Int(n)
			}
			if n, err := strconv.ParseInt(words["lag"], 10, 64); err == nil && table.Within(n, table.MostCount) {
				r.LagSeconds = table.Int(n)
			}
			replicas = append(replicas, r)
		}
	}
	s.Version, s.Flavor = s.redisVersion, ""
	if s.redisVersion != "" {
		s.Flavor = "redis"
	}
	if s.valkeyVersion != "" {
		s.Version, s.Flavor = s.valkeyVersion, "valkey"
	}
	s.ServerTime = table.Micros(s.serverTime)
	return s.Sample, replicas
}
