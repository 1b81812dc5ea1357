package state

import (
	"database/sql"
	"encoding/json"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
)

// list is a column of names.
func list(names []string) string {
	if names == nil {
		names = []string{}
	}
	b, _ := json.Marshal(names) // strings always can be
	return string(b)
}

func names(text string) (out []string, err error) {
	err = json.Unmarshal([]byte(text), &out)
	return out, err
}

// each runs a query and hands every row to take.
func each(db *sql.DB, query string, take func(scan func(...any) error) error) error {
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Store) load() (*fleet.State, error) {
	st := fleet.NewState()
	for _, load := range []func(*fleet.State) error{s.loadNights, s.loadGroups, s.loadIncidents, s.loadArtifacts, s.loadSettings, s.loadMeasures} {
		if err := load(st); err != nil {
			return nil, err
		}
	}
	return st, nil
}

func (s *Store) loadNights(st *fleet.State) error {
	err := each(s.db, "select night, through_us, artifacts_read, bytes_read, artifacts_broken, notified from nights order by night", func(scan func(...any) error) error {
		var n fleet.Night
		err := scan(&n.N, &n.ThroughUs, &n.Read, &n.Bytes, &n.Broken, &n.Notified)
		st.Nights = append(st.Nights, n)
		return err
	})
	if err != nil {
		return err
	}
	return each(s.db, "select incident_key, until_us, reason from acknowledged", func(scan func(...any) error) error {
		var a fleet.Ack
		err := scan(&a.Key, &a.UntilUs, &a.Reason)
		st.Acks[a.Key] = a
		return err
	})
}

func (s *Store) loadGroups(st *fleet.State) error {
	return each(s.db, "select group_key, name, primary_instance, replicas, versions, replication_ids, addresses, first_night, last_night, from_us, through_us, verdict, notes, was_primary, replicas_gone, report_zst from groups", func(scan func(...any) error) error {
		g := &fleet.Group{}
		var replicas, versions, ids, addresses, notes, gone string
		var report []byte
		if err := scan(&g.Key, &g.Name, &g.Primary, &replicas, &versions, &ids, &addresses, &g.FirstNight, &g.LastNight, &g.FromUs, &g.ThroughUs, &g.Verdict, &notes, &g.WasPrimary, &gone, &report); err != nil {
			return err
		}
		for _, l := range []struct {
			to   *[]string
			text string
		}{{&g.Replicas, replicas}, {&g.Versions, versions}, {&g.IDs, ids}, {&g.Addresses, addresses}, {&g.Gone, gone}} {
			var err error
			if *l.to, err = names(l.text); err != nil {
				return err
			}
		}
		if err := json.Unmarshal([]byte(notes), &g.Notes); err != nil {
			return err
		}
		g.Packed = report
		st.Groups[g.Key] = g
		return nil
	})
}

func (s *Store) loadIncidents(st *fleet.State) error {
	return each(s.db, "select incident_key, group_key, first_night, last_night, was_open, report from incidents", func(scan func(...any) error) error {
		i := &fleet.Incident{}
		var report string
		if err := scan(&i.Key, &i.Group, &i.FirstNight, &i.LastNight, &i.WasOpen, &report); err != nil {
			return err
		}
		st.Incidents[i.Key] = i
		return json.Unmarshal([]byte(report), &i.Is)
	})
}

func (s *Store) loadArtifacts(st *fleet.State) error {
	return each(s.db, "select path, size_bytes, modified_us, inode, print, kind, instance, group_key, read_with, first_us, last_us, records, last_night, missing, mark_offset_bytes, mark_line, mark_us, mark_print from artifacts", func(scan func(...any) error) error {
		a := &fleet.Artifact{}
		var inode int64
		err := scan(&a.Path, &a.Size, &a.ModUs, &inode, &a.Print, &a.Kind, &a.Instance, &a.Group, &a.Case, &a.FirstUs, &a.LastUs, &a.Records, &a.Night, &a.Missing, &a.Mark.Offset, &a.Mark.Line, &a.Mark.Us, &a.Mark.Print)
		a.Inode = uint64(inode)
		st.Artifacts[a.Path] = a
		return err
	})
}

func (s *Store) loadSettings(st *fleet.State) error {
	err := each(s.db, "select group_key, instance, setting, setting_value, since_night from settings", func(scan func(...any) error) error {
		var k fleet.Setting
		v := &fleet.Value{}
		err := scan(&k.Group, &k.Instance, &k.Name, &v.Value, &v.Since)
		st.Settings[k] = v
		return err
	})
	if err != nil {
		return err
	}
	err = each(s.db, "select night, group_key, instance, what, was, became, evidence from changes order by night, nth", func(scan func(...any) error) error {
		var c fleet.Change
		err := scan(&c.Night, &c.Group, &c.Instance, &c.What, &c.From, &c.To, &c.Evidence)
		st.Changes = append(st.Changes, c)
		return err
	})
	return err
}

func (s *Store) loadMeasures(st *fleet.State) error {
	return each(s.db, `select group_key, night, survives_s, peak_write_bytes_per_s, backlog_bytes, recommended_bytes, longest_outage_s, backlog_used, full_syncs, partial_syncs, fork_s, copy_on_write_bytes,
		used_memory_bytes, memory_limit_bytes, replica_buffer_bytes, clients, max_clients from measures order by group_key, night`, func(scan func(...any) error) error {
		m := &fleet.Measure{}
		var key string
		err := scan(&key, &m.Night, &m.SurvivesS, &m.PeakBytesPerS, &m.BacklogBytes, &m.RecommendedBytes, &m.LongestOutageS, &m.BacklogUsed, &m.FullSyncs, &m.PartialSyncs, &m.ForkS, &m.CopyOnWriteBytes,
			&m.UsedMemoryBytes, &m.MemoryLimitBytes, &m.ReplicaBufferBytes, &m.Clients, &m.MaxClients)
		st.Measures[key] = append(st.Measures[key], m)
		return err
	})
}

// Save writes what changed since the state was read, in one transaction.
func (s *Store) Save(st *fleet.State) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	w := &writer{tx: tx}
	w.nights(st)
	w.groups(st)
	w.incidents(st)
	w.rest(st)
	if w.err != nil {
		return w.err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	// What was written stands beside the file until it is moved: after it, a copy of the file alone is whole.
	_, err = s.db.Exec("pragma wal_checkpoint(truncate)")
	return err
}

// writer writes rows until one fails.
type writer struct {
	tx  *sql.Tx
	err error
}

func (w *writer) do(query string, args ...any) {
	if w.err == nil {
		_, w.err = w.tx.Exec(query, args...)
	}
}

func (w *writer) nights(st *fleet.State) {
	for _, n := range st.Nights {
		w.do("insert into nights values (?, ?, ?, ?, ?, ?) on conflict (night) do update set notified = excluded.notified", n.N, n.ThroughUs, n.Read, n.Bytes, n.Broken, n.Notified)
	}
	w.do("delete from acknowledged")
	for _, a := range st.Acks {
		w.do("insert into acknowledged values (?, ?, ?)", a.Key, a.UntilUs, a.Reason)
	}
}

func (w *writer) groups(st *fleet.State) {
	for _, g := range st.Groups {
		if !g.Touched() || w.err != nil {
			continue
		}
		notes, err := json.Marshal(append([]diagnosis.Note{}, g.Notes...))
		if err != nil {
			w.err = err
			return
		}
		w.do("insert or replace into groups values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", g.Key, g.Name, g.Primary, list(g.Replicas), list(g.Versions), list(g.IDs), list(g.Addresses),
			g.FirstNight, g.LastNight, g.FromUs, g.ThroughUs, g.Verdict, string(notes), g.WasPrimary, list(g.Gone), g.Packed)
	}
}

func (w *writer) incidents(st *fleet.State) {
	for _, i := range st.Incidents {
		if !i.Touched() || w.err != nil {
			continue
		}
		report, err := json.Marshal(&i.Is)
		if err != nil {
			w.err = err
			return
		}
		at := func(s *diagnosis.Stamp) any {
			if s == nil {
				return nil
			}
			return s.UnixMicro()
		}
		w.do("insert or replace into incidents values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", i.Key, i.Group, i.FirstNight, i.LastNight, i.WasOpen, i.Open(), at(i.Is.Start), at(i.Is.End), i.Is.Severity,
			string(i.Is.Trigger.Kind), i.Is.Trigger.Instance, i.Is.Trigger.Confidence, list(i.Is.Affected), i.Is.FullSyncs, i.Is.PartialSyncs, i.Is.Headline, string(report))
	}
	w.keep("incidents", "incident_key", func(key string) bool { return st.Incidents[key] != nil })
}

func (w *writer) rest(st *fleet.State) {
	for _, a := range st.Artifacts {
		if a.Touched() {
			w.do("insert or replace into artifacts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", a.Path, a.Size, a.ModUs, int64(a.Inode), a.Print, a.Kind, a.Instance, a.Group, a.Case, a.FirstUs, a.LastUs, a.Records, a.Night, a.Missing, a.Mark.Offset, a.Mark.Line, a.Mark.Us, a.Mark.Print)
		}
	}
	w.keep("artifacts", "path", func(path string) bool { return st.Artifacts[path] != nil })
	for k, v := range st.Settings {
		if v.Touched() {
			w.do("insert or replace into settings values (?, ?, ?, ?, ?)", k.Group, k.Instance, k.Name, v.Value, v.Since)
		}
	}
	w.do("delete from changes")
	for n, c := range st.Changes {
		w.do("insert into changes values (?, ?, ?, ?, ?, ?, ?, ?)", c.Night, n, c.Group, c.Instance, c.What, c.From, c.To, c.Evidence)
	}
	first := 0
	for key, ms := range st.Measures {
		for _, m := range ms {
			if first == 0 || m.Night < first {
				first = m.Night
			}
			if m.Touched() {
				w.do("insert or replace into measures values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", key, m.Night, m.SurvivesS, m.PeakBytesPerS, m.BacklogBytes, m.RecommendedBytes, m.LongestOutageS, m.BacklogUsed,
					m.FullSyncs, m.PartialSyncs, m.ForkS, m.CopyOnWriteBytes, m.UsedMemoryBytes, m.MemoryLimitBytes, m.ReplicaBufferBytes, m.Clients, m.MaxClients)
			}
		}
	}
	w.do("delete from measures where night < ?", first)
}

// keep deletes the rows whose key is no longer known.
func (w *writer) keep(table, column string, known func(string) bool) {
	if w.err != nil {
		return
	}
	rows, err := w.tx.Query("select " + column + " from " + table)
	if err != nil {
		w.err = err
		return
	}
	var gone []string
	for rows.Next() {
		var key string
		if w.err = rows.Scan(&key); w.err != nil {
			break
		}
		if !known(key) {
			gone = append(gone, key)
		}
	}
	rows.Close()
	for _, key := range gone {
		w.do("delete from "+table+" where "+column+" = ?", key)
	}
}
