package slowlog

import (
	"strings"

	"psyncope/ingest/table"
)

// redact replaces passwords in a command, as servers do in their slowlog from 6.2 (redis 6.2.16
// slowlog.c, server.c redactClientCommandArgument); older ones show them as they were sent.
func redact(argv []string) {
	if len(argv) == 2 && strings.ContainsRune(argv[1], ' ') && isSecretive(argv[0]) {
		// One text for all arguments: their borders are lost, but a password has no blanks mostly.
		args := strings.Fields(argv[1])
		whole := append([]string{argv[0]}, args...)
		redact(whole)
		argv[1] = strings.Join(whole[1:], " ")
		return
	}
	word := func(i int) string {
		if i < len(argv) {
			return strings.ToLower(argv[i])
		}
		return ""
	}
	hide := func(from, to int) {
		for i := from; i < min(to, len(argv)); i++ {
			if argv[i] != "" {
				argv[i] = table.Redacted
			}
		}
	}
	switch word(0) {
	case "auth":
		hide(1, len(argv))
	case "config":
		for i := 2; word(1) == "set" && i < len(argv); i += 2 {
			if table.SecretSetting(argv[i]) {
				hide(i+1, i+2)
			}
		}
	case "acl":
		if word(1) == "setuser" {
			hide(3, len(argv))
		}
	case "sentinel":
		for i := 3; word(1) == "set" && i < len(argv); i += 2 {
			if table.SecretSetting(argv[i]) {
				hide(i+1, i+2)
			}
		}
	case "hello", "migrate":
		// HELLO 3 AUTH user password; MIGRATE ... AUTH password, MIGRATE ... AUTH2 user password.
		for i := 1; i < len(argv); i++ {
			if word(i) == "auth" || word(i) == "auth2" {
				hide(i+1, i+3)
			}
		}
	}
}

func isSecretive(command string) bool {
	switch strings.ToLower(command) {
	case "auth", "config", "acl", "sentinel", "hello", "migrate":
		return true
	}
	return false
}
