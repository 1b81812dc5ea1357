// Package secret knows what a credential is, wherever it stands: in a setting, in a command's arguments, or in any text (a log line, an error
// reply, a command line, a URL, a line that nothing could read).
//
// It is the only place that knows. Every text that goes into a table of package table passes [Text] when it is appended, and so does
// everything that package collect writes; commands and settings, whose parts are known, pass [Args] and [Value] before that. What is
// a credential is replaced by [Mask], always. Names, keys, addresses and values are the user's own and stay; taking those out too is
// package pseudonym's work.
//
// Where a text leaves it open whether a word is a credential ("password hunter2" is, "password for the default user" is not), the
// words with which servers go on after such a name decide (see goesOn); any other word is taken for a credential.
package secret

import "strings"

// Mask stands in place of a secret; servers write the same word in their slowlog (redis 6.2 server.c redactClientCommandArgument).
const Mask = "(redacted)"

// Setting reports whether a setting's value is a password or a key's pass phrase: requirepass, masterauth, primaryauth,
// tls-key-file-pass, Sentinel's auth-pass, modules' settings of like names, and whole definitions of users.
// tls-auth-clients, masteruser and aclfile are not secret.
func Setting(name string) bool {
	name = strings.ToLower(name)
	return name == "user" || ends(name)
}

func ends(name string) bool {
	for _, end := range [...]string{"pass", "password", "passwd", "passphrase", "auth", "secret", "token", "credentials"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// Value is a setting's value without its secret. One that is not set stays empty: that matters to who was refused.
func Value(name, value string) string {
	switch name := strings.ToLower(name); {
	case value == "":
		return ""
	case Setting(name):
		return Mask
	case name == "rename-command":
		// A command is often renamed to a secret word; which one is renamed matters to replication.
		command, to, _ := strings.Cut(value, " ")
		if to = strings.TrimSpace(to); to == "" || to == `""` || to == "''" {
			return value
		}
		return command + " " + Mask
	case name == "loadmodule":
		// What a module is given at its start is the module's own business, and often how it logs in somewhere.
		if path, given, ok := strings.Cut(value, " "); ok && given != "" {
			return path + " " + Mask
		}
	case name == "sentinel":
		words := strings.Fields(value)
		if masked := append([]string{"sentinel"}, words...); Args(masked) {
			return strings.Join(masked[1:], " ")
		}
	}
	return Text(value)
}

// Args replaces the secrets in a command, in place, and reports whether there were any. Servers do so themselves from 6.2 (redis 6.2.16 slowlog.c);
// older ones show them as they were sent.
func Args(argv []string) bool {
	if len(argv) == 2 && strings.ContainsRune(argv[1], ' ') && carries(argv[0]) {
		// One text for all arguments: their borders are lost, but a password has no blanks mostly.
		whole := append([]string{argv[0]}, strings.Fields(argv[1])...)
		if !Args(whole) {
			return false
		}
		argv[1] = strings.Join(whole[1:], " ")
		return true
	}
	a := args{argv: argv}
	if !carries(a.word(0)) {
		a.each(url)
		return a.found
	}
	switch a.word(0) {
	case "auth":
		a.hide(1, len(argv))
	case "acl":
		if a.word(1) == "setuser" {
			a.hide(3, len(argv))
		}
		if a.word(1) == "deluser" || a.word(1) == "getuser" {
			return false
		}
	case "config":
		if a.word(1) == "set" {
			a.pairs(2)
		}
	case "sentinel":
		switch {
		case a.word(1) == "set":
			a.pairs(3)
		case a.word(1) == "config" && a.word(2) == "set":
			a.pairs(3)
		case a.word(1) == "auth-pass":
			a.hide(3, len(argv))
		}
	case "module":
		if a.word(1) == "load" || a.word(1) == "loadex" {
			a.hide(3, len(argv))
		}
	case "hello", "migrate":
		// HELLO 3 AUTH user password; MIGRATE ... AUTH password, MIGRATE ... AUTH2 user password.
		for i := 1; i < len(argv); i++ {
			if a.word(i) == "auth" || a.word(i) == "auth2" {
				a.hide(i+1, i+3)
			}
		}
	}
	a.each(Text) // scripts, and what a newer server lets such a command carry
	return a.found
}

// carries reports whether a command may be given a credential by its own rules, or text in which there is one.
func carries(command string) bool {
	switch command := strings.ToLower(command); command {
	case "auth", "config", "acl", "sentinel", "hello", "migrate", "module":
		return true
	default:
		return strings.HasPrefix(command, "eval") || strings.HasPrefix(command, "fcall") || command == "script" || command == "function"
	}
}

type args struct {
	argv  []string
	found bool
}

func (a *args) word(i int) string {
	if i < len(a.argv) {
		return strings.ToLower(a.argv[i])
	}
	return ""
}

func (a *args) hide(from, to int) {
	for i := from; i < min(to, len(a.argv)); i++ {
		if a.argv[i] != "" {
			a.argv[i], a.found = Mask, true
		}
	}
}

// pairs hides the values of secret settings in names and values from there on.
func (a *args) pairs(from int) {
	for i := from; i+1 < len(a.argv); i += 2 {
		if v := Value(a.argv[i], a.argv[i+1]); v != a.argv[i+1] {
			a.argv[i+1], a.found = v, true
		}
	}
}

func (a *args) each(clean func(string) string) {
	for i, s := range a.argv {
		if c := clean(s); i > 0 && c != s {
			a.argv[i], a.found = c, true
		}
	}
}
