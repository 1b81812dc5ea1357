// Package state keeps a fleet's state in one SQLite file.
//
// The file is an interface: its tables are documented in FLEET.md and may be read with sqlite3 while psyncope works. One process writes it at a
// time, and a night is written in one transaction: whoever is killed leaves the state of the night before. A file that is damaged, of a
// newer psyncope or of another program is refused and left as it is.
package state

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // the driver: pure Go

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
)

const (
	// Version of the tables. A file of an older one is brought up to it, one of a newer one refused.
	Version = 1
	// applicationID marks the file as psyncope's: "psyf".
	applicationID = 0x70737966
)

// schema makes the tables of version 1. Times are microseconds since 1970; lists and reports are JSON.
const schema = `
create table nights (night integer primary key, through_us integer not null, artifacts_read integer not null, bytes_read integer not null, artifacts_broken integer not null, notified integer not null) strict;
create table groups (group_key text primary key, name text not null, primary_instance text not null, replicas text not null, versions text not null, replication_ids text not null, addresses text not null,
  first_night integer not null, last_night integer not null, from_us integer not null, through_us integer not null, verdict text not null, notes text not null,
  was_primary text not null, replicas_gone text not null, report_zst blob) strict, without rowid;
create table incidents (incident_key text primary key, group_key text not null, first_night integer not null, last_night integer not null, was_open integer not null, open integer not null,
  start_us integer, end_us integer, severity text not null, trigger_kind text not null, trigger_instance text not null, confidence real not null, affected text not null,
  full_syncs integer not null, partial_syncs integer not null, headline text not null, report text not null) strict, without rowid;
create table artifacts (path text primary key, size_bytes integer not null, modified_us integer not null, inode integer not null, print text not null, kind text not null, instance text not null, group_key text not null,
  read_with text not null, first_us integer not null, last_us integer not null, records integer not null, last_night integer not null, missing integer not null,
  mark_offset_bytes integer not null, mark_line integer not null, mark_us integer not null, mark_print text not null) strict, without rowid;
create table settings (group_key text not null, instance text not null, setting text not null, setting_value text not null, since_night integer not null, primary key (group_key, instance, setting)) strict, without rowid;
create table changes (night integer not null, nth integer not null, group_key text not null, instance text not null, what text not null, was text not null, became text not null, evidence text not null, primary key (night, nth)) strict, without rowid;
create table measures (group_key text not null, night integer not null, survives_s real not null, peak_write_bytes_per_s real not null, backlog_bytes integer not null, recommended_bytes integer not null,
  longest_outage_s real not null, backlog_used real not null, full_syncs integer not null, partial_syncs integer not null, fork_s real not null, copy_on_write_bytes integer not null, used_memory_bytes integer not null,
  memory_limit_bytes integer not null, replica_buffer_bytes integer not null, clients integer not null, max_clients integer not null, primary key (group_key, night)) strict, without rowid;
create table acknowledged (incident_key text primary key, until_us integer not null, reason text not null) strict, without rowid;
create index incidents_by_group on incidents (group_key, start_us);
`

// Store is an open state file.
type Store struct {
	db   *sql.DB
	path string
}

// ErrRefused is the error of a file that is not taken as it is.
var ErrRefused = errors.New("left as it is")

// Open opens the file, or makes one where there is none, and reads the state.
func Open(path string) (*Store, *fleet.State, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, nil, fmt.Errorf("open the state: %w", err)
	case info.Size() > 0:
		if err := look(path); err != nil {
			return nil, nil, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(0)")
	if err != nil {
		return nil, nil, fmt.Errorf("open the state: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db, path: path}
	if err := s.prepare(); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the state %s: %w", path, err), db.Close())
	}
	st, err := s.load()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read the state %s: %w", path, err), db.Close())
	}
	return s, st, nil
}

// look holds that a file is a state of this psyncope or an older one, and whole, without writing to it.
func look(path string) error {
	head := make([]byte, 16)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the state: %w", err)
	}
	n, _ := f.Read(head)
	f.Close()
	if n < 16 || string(head) != "SQLite format 3\x00" {
		return fmt.Errorf("%s is no state file (it does not begin as one); %w; name another with --state", path, ErrRefused)
	}
	const header = 100 // of an SQLite file
	if info, err := os.Stat(path); err != nil || info.Size() < header {
		return fmt.Errorf("the state %s is damaged (cut in its first bytes); %w: take it from a backup, or begin anew with another --state", path, ErrRefused)
	}
	// A log beside it is a night that was written and not yet moved: it belongs to the file, and is read with it.
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("open the state: %w", err)
	}
	defer db.Close()
	var app, version int
	if err := db.QueryRow("pragma application_id").Scan(&app); err != nil {
		return fmt.Errorf("the state %s is damaged (%w); %w: take it from a backup, or begin anew with another --state", path, err, ErrRefused)
	}
	if app != applicationID {
		return fmt.Errorf("%s is another program's database; %w; name another with --state", path, ErrRefused)
	}
	if err := db.QueryRow("pragma user_version").Scan(&version); err != nil || version > Version {
		return fmt.Errorf("the state %s is of a newer psyncope (version %d, this one knows %d); %w", path, version, Version, ErrRefused)
	}
	var check string
	if err := db.QueryRow("pragma integrity_check(1)").Scan(&check); err != nil || check != "ok" {
		return fmt.Errorf("the state %s is damaged (%s%v); %w: take it from a backup, or begin anew with another --state", path, check, err, ErrRefused)
	}
	return nil
}

// Shut ends the use of the file.
func (s *Store) Shut() error { return s.db.Close() }

func (s *Store) prepare() error {
	var version int
	if err := s.db.QueryRow("pragma user_version").Scan(&version); err != nil {
		return err
	}
	if version == Version {
		return nil
	}
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	for _, q := range []string{schema, fmt.Sprintf("pragma application_id = %d", applicationID), fmt.Sprintf("pragma user_version = %d", Version)} {
		if _, err := tx.Exec(q); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// encoder packs reports; it is made for many at once.
var encoder = sync.OnceValues(func() (*zstd.Encoder, error) { return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest)) })

// Pack is a diagnosis as the state keeps it.
func Pack(d *diagnosis.Diagnosis) ([]byte, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	w, err := encoder()
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(raw, nil), nil
}

// Report is a group's diagnosis; nil where there is none.
func Report(g *fleet.Group) (*diagnosis.Diagnosis, error) {
	b := g.Packed
	if len(b) == 0 {
		return nil, nil
	}
	r, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d := diagnosis.Empty()
	return d, json.NewDecoder(r).Decode(d)
}
