package wrap

import "bytes"

// peelCompose knows "redis-1  | line": a service's name, blanks, a bar.
func peelCompose(in []byte, _ *Scratch, out *Line) bool {
	n := 0
	for n < len(in) && n < 128 && isName(in[n]) {
		n++
	}
	if n == 0 {
		return false
	}
	i := n
	for i < len(in) && in[i] == ' ' {
		i++
	}
	if i == n || i >= len(in) || in[i] != '|' {
		return false
	}
	if i+1 < len(in) && in[i+1] != ' ' {
		return false
	}
	out.Source = in[:n]
	out.Inner = in[min(i+2, len(in)):]
	return true
}

func isName(c byte) bool {
	return c-'0' <= 9 || c-'a' < 26 || c-'A' < 26 || c == '_' || c == '-' || c == '.' || c == '/' || c == '@'
}

// peelPod knows "[pod/redis-0/redis] line" of kubectl logs --prefix. The source is the pod's name, with the
// container's behind it where that is not the server's.
func peelPod(in []byte, s *Scratch, out *Line) bool {
	rest, ok := bytes.CutPrefix(in, []byte("[pod/"))
	if !ok {
		return false
	}
	i := bytes.IndexByte(rest[:min(len(rest), 256)], ']')
	if i < 0 || i+1 < len(rest) && rest[i+1] != ' ' {
		return false
	}
	pod, container, ok := bytes.Cut(rest[:i], []byte("/"))
	if !ok || len(pod) == 0 {
		return false
	}
	out.Source = podSource(pod, container, s)
	out.Inner = rest[min(i+2, len(rest)):]
	return true
}

// podSource names a container of a pod. Next to the server a pod may hold a Sentinel and exporters;
// the server's container is called by what it is.
func podSource(pod, container []byte, s *Scratch) []byte {
	for _, server := range [...]string{"", "redis", "valkey", "server", "redis-server", "valkey-server", "keydb", "master", "primary", "replica", "slave", "node", "main", "redis-node", "redis-cluster", "cluster"} {
		if server == string(container) {
			return pod
		}
	}
	s.source = append(append(append(s.source[:0], pod...), '/'), container...)
	return s.source
}

// peelNode knows the text form of ElastiCache's engine log, "c1/0001:M 29 Oct 2020 20:12:20.499 UTC * line":
// the node stands where a server's process id would. What is left is a header with its process id missing.
func peelNode(in []byte, _ *Scratch, out *Line) bool {
	n := 0
	slash := false
	for n < len(in) && n < 64 && isName(in[n]) {
		slash = slash || in[n] == '/'
		n++
	}
	if !slash || len(in) < n+4 || in[n] != ':' || in[n+2] != ' ' || bytes.IndexByte([]byte("MSCX"), in[n+1]) < 0 {
		return false
	}
	out.Source = in[:n]
	out.Inner = in[n:]
	return true
}
