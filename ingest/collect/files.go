package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// growingArray is a file that holds one JSON array of entries, each an array whose first two
// elements tell it apart. It is valid JSON after every write: an addition overwrites the closing
// bracket, in one write. Only the keys of the last reply are remembered, as an entry that left the
// server's ring does not come back.
type growingArray struct {
	name string // of the file
	last map[string]bool
}

const (
	arrayOpen  = "[\n"
	arrayClose = "\n]\n"
)

// fresh are the entries that the reply before did not hold, as they stand in the file; nil where nothing is to be written. Replies are newest first; the
// file is oldest first.
func (g *growingArray) fresh(reply []any) ([]byte, error) {
	keys := make(map[string]bool, len(reply))
	b := bytes.NewBuffer([]byte{})
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for i := len(reply) - 1; i >= 0; i-- {
		e, ok := reply[i].([]any)
		if !ok || len(e) < 2 {
			continue
		}
		key := fmt.Sprint(e[0], " ", e[1])
		keys[key] = true
		if g.last[key] {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(",\n")
		}
		if err := enc.Encode(e); err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		b.Truncate(b.Len() - 1) // Encode ends with a newline
	}
	first := g.last == nil
	g.last = keys
	if b.Len() == 0 && !first {
		return nil, nil
	}
	return b.Bytes(), nil
}

func (g *growingArray) write(path string, entries []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(extend(f, entries), f.Close())
}

func extend(f *os.File, entries []byte) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if size == 0 {
		if len(entries) == 0 {
			_, err = f.WriteString("[]\n")
			return err
		}
		_, err = f.WriteString(arrayOpen + string(entries) + arrayClose)
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	tail := make([]byte, min(size, int64(len(arrayClose))))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	switch {
	case string(tail) == "[]\n" && size == 3:
		_, err = f.WriteAt([]byte(arrayOpen+string(entries)+arrayClose), 0)
	case string(tail) == arrayClose:
		_, err = f.WriteAt([]byte(",\n"+string(entries)+arrayClose), size-int64(len(arrayClose)))
	default:
		// Not ours, or cut by a crash: leave it and begin another array after it.
		_, err = f.WriteAt([]byte("\n"+arrayOpen+string(entries)+arrayClose), size)
	}
	if err != nil { // a full disk: what was there stays as it was
		_, back := f.WriteAt(tail, size-int64(len(tail)))
		return errors.Join(err, back, f.Truncate(size))
	}
	return nil
}

// appendWhole appends in one write, so that what is there is whole at any moment; of what does not fit on the disk nothing stays.
func appendWhole(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil {
		if _, err = f.Write(b); err != nil {
			err = errors.Join(err, f.Truncate(st.Size()))
		}
	}
	return errors.Join(err, f.Close())
}

// replaceFile puts b in place of path's content, at once.
func replaceFile(path string, b []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, path)
}
