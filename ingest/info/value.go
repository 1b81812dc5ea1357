package info

import (
	"bytes"

	"psyncope/ingest/table"
)

// take puts the changed value of a line that the dump before had too where it belongs. It is false for
// what needs a second look: the line is then read as if it were new.
func (r *Reader) take(l *line, b []byte) bool {
	v := trimEnd(b[l.value:])
	switch l.class {
	case classInt:
		n, ok := number(v)
		if !ok || l.bad || !table.Within(int64(n), l.most) {
			return false
		}
		*l.ints = n
		return true
	case classReal:
		f, ok := real(v)
		if !ok || l.bad {
			return false
		}
		*l.real = f
		return true
	case classDate:
		t, at, ok := lineDate(b)
		if ok = ok && at == int(l.value); ok {
			r.collect = t
		}
		return ok
	case classBulk:
		return len(v) > 0 && len(v) < 11 && allDigits(v)
	case classOther:
		if !l.family && !plain(v) {
			return false
		}
	case classText, classReplica, classCount:
	default:
		return false
	}
	return !l.bad && bytes.IndexByte(v, '#') < 0 && r.apply(l, b)
}

// learn reads a line that the dump before did not have, or whose value needed a second look.
func (r *Reader) learn(l *line, b []byte) {
	switch {
	case l.class == classReplica && l.slot == nil:
		l.slot = &table.Replica{}
	case l.name == "" && (l.class == classCount || l.class == classOther && r.fields && int(l.value) < len(b)):
		l.name = string(trimQuote(b[:l.value-1]))
	}
	l.bad = !r.apply(l, b)
	if l.bad {
		l.forget()
	}
}

var noFile = []byte(table.NoConfigFile)

// apply puts a line's value where it belongs; false if the value cannot be read.
func (r *Reader) apply(l *line, b []byte) (ok bool) {
	v := trimEnd(b[l.value:])
	for len(v) > 0 && (v[0] == ' ' || v[0] == '\t') {
		v = v[1:]
	}
	v = bytes.TrimSuffix(v, caret)
	switch l.class {
	case classInt:
		*l.ints, ok = number(v)
		ok = ok && table.Within(int64(*l.ints), l.most)
	case classReal:
		*l.real, ok = real(v)
	case classText:
		if len(v) == 0 && l.text == &r.state.ConfigFile {
			v = noFile // an empty value tells more than none
		}
		if *l.text != string(v) {
			*l.text = r.word(v)
		}
		ok = len(v) <= maxText
	case classDate:
		r.collect, _, ok = lineDate(b)
	case classReplica:
		ok = r.replica(l.slot, v)
	case classCount:
		var s table.Statistic
		if s.Calls, s.Usec, ok = count(v); ok {
			s.Name, s.Line = l.name, r.lineNo+int32(r.k)
			r.counts = append(r.counts, s)
		}
	case classOther:
		if l.name != "" {
			r.others = append(r.others, table.Field{Origin: table.Origin{Line: r.lineNo + int32(r.k)}, Name: l.name, Value: string(v[:min(len(v), 64<<10)])})
		}
		ok = true
	default:
		ok = true
	}
	return ok
}

// word is v as a string that is shared with those before it.
func (r *Reader) word(v []byte) string {
	w, ok := r.words[string(v)]
	if !ok {
		if len(r.words) >= 1024 {
			clear(r.words)
		}
		w = string(v)
		r.words[w] = w
	}
	return w
}

// replica reads a slaveN line: ip=,port=,state=,offset=,lag=,type= from 2.8 on (redis 7.4.1 server.c:5905, valkey 8
// has type=), ip,port,state before. The slot's words are kept where they say the same.
func (r *Reader) replica(s *table.Replica, v []byte) bool {
	var ip, port, state, kind []byte
	offset, lag := table.Int(table.Null), table.Int(table.Null)
	ok := true
	for i := 0; len(v) > 0; i++ {
		var part []byte
		part, v = cutComma(v)
		eq := bytes.IndexByte(part, '=')
		if eq < 0 { // 2.4 and 2.6
			switch i {
			case 0:
				ip = part
			case 1:
				port = part
			case 2:
				state = part
			}
			continue
		}
		word := part[eq+1:]
		switch string(part[:eq]) {
		case "ip":
			ip = word
		case "port":
			port = word
		case "state":
			state = word
		case "type":
			kind = word
		case "offset":
			n, good := within(word)
			offset, ok = n, ok && good
		case "lag":
			n, good := within(word)
			lag, ok = n, ok && good
		}
	}
	if len(ip) == 0 || len(ip) > maxText || len(port) > 10 || len(state) > maxText || len(kind) > maxText {
		*s = table.Replica{Offset: table.Null, LagSeconds: table.Null}
		return false
	}
	if !isAddr(s.Addr, ip, port) {
		s.Addr = addr(ip, port)
	}
	if s.State != string(state) {
		s.State = r.word(state)
	}
	if s.Channel != string(kind) {
		s.Channel = r.word(kind)
	}
	s.Offset, s.LagSeconds = offset, lag
	return ok
}

// addr joins as the server's own log does: brackets around IPv6 (redis 7.4.1 anet.c anetFormatAddr).
func addr(ip, port []byte) string {
	if len(port) == 0 {
		return string(ip)
	}
	if bytes.IndexByte(ip, ':') >= 0 {
		return "[" + string(ip) + "]:" + string(port)
	}
	return string(ip) + ":" + string(port)
}

// isAddr is addr(ip, port) == a, without making it, for IPv4 and host names.
func isAddr(a string, ip, port []byte) bool {
	n := len(ip)
	return len(a) == n+1+len(port) && a[:n] == string(ip) && a[n] == ':' && a[n+1:] == string(port) && len(port) > 0 && bytes.IndexByte(ip, ':') < 0
}

// within is a number that is not beyond reason.
func within(word []byte) (table.Int, bool) {
	n, ok := number(word)
	return n, ok && table.Within(int64(n), table.MostCount)
}

// count reads "calls=2,usec=878,..." and "count=3".
func count(v []byte) (calls, usec table.Int, ok bool) {
	calls, usec = table.Null, table.Null
	for len(v) > 0 {
		var part []byte
		part, v = cutComma(v)
		switch {
		case len(part) > 6 && (string(part[:6]) == "calls=" || string(part[:6]) == "count="):
			calls, ok = number(part[6:])
			ok = ok && table.Within(int64(calls), table.MostCount)
		case len(part) > 5 && string(part[:5]) == "usec=":
			usec, _ = number(part[5:])
			return calls, usec, ok && usec.Known() && table.Within(int64(usec), table.MostCount)
		}
	}
	return calls, usec, ok
}

func cutComma(v []byte) (part, rest []byte) {
	if i := bytes.IndexByte(v, ','); i >= 0 {
		return v[:i], v[i+1:]
	}
	return v, nil
}

// trimEnd cuts the line end and blanks before it off.
func trimEnd(v []byte) []byte {
	for len(v) > 0 && v[len(v)-1] <= ' ' {
		v = v[:len(v)-1]
	}
	return v
}

// trimQuote cuts off what readLine passes over at the beginning of a line.
func trimQuote(v []byte) []byte { return bytes.TrimLeft(v, " \t>|") }
