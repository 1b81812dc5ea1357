package collect

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fake is a server that speaks just enough RESP2. Its answers are raw RESP by command name.
type fake struct {
	addr string
	mu   sync.Mutex
	// answers by command in lower case, "info", "config get *"; the longest match wins.
	answers map[string]func() string
	asked   []string
}

// hang as an answer never comes.
const hang = "hang"

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

func array(items ...string) string {
	return fmt.Sprintf("*%d\r\n%s", len(items), strings.Join(items, ""))
}

func always(s string) func() string { return func() string { return s } }

// inTurn gives one answer after the other and stays at the last.
func inTurn(answers ...string) func() string {
	i := -1
	return func() string {
		i = min(i+1, len(answers)-1)
		return answers[i]
	}
}

func newFake(t *testing.T, answers map[string]func() string) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{addr: l.Addr().String(), answers: answers}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(ctx, func() { c.Close() })
			wg.Go(func() { defer stop(); defer c.Close(); f.serve(ctx, c) })
		}
	})
	t.Cleanup(func() { cancel(); l.Close(); wg.Wait() })
	return f
}

func (f *fake) serve(ctx context.Context, c net.Conn) {
	r := bufio.NewReader(c)
	for {
		argv, err := readCommand(r)
		if err != nil {
			return
		}
		cmd := strings.ToLower(strings.Join(argv, " "))
		f.mu.Lock()
		f.asked = append(f.asked, cmd)
		answer := func() string { return "-ERR unknown command\r\n" }
		best := -1
		for name, a := range f.answers {
			if strings.HasPrefix(cmd, name) && len(name) > best {
				answer, best = a, len(name)
			}
		}
		reply := answer()
		f.mu.Unlock()
		if reply == hang {
			<-ctx.Done()
			return
		}
		if _, err := io.WriteString(c, reply); err != nil {
			return
		}
	}
}

func (f *fake) heard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.asked...)
}

func readCommand(r *bufio.Reader) ([]string, error) {
	number := func(mark byte) (int, error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if line[0] != mark {
			return 0, fmt.Errorf("expected %q: %q", mark, line)
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number('*')
	if err != nil {
		return nil, err
	}
	argv := make([]string, n)
	for i := range argv {
		size, err := number('$')
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		argv[i] = string(b[:size])
	}
	return argv, nil
}
