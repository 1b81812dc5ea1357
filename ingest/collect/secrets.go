package collect

import (
	"slices"
	"strings"
)

// redacted stands in place of a secret; the server writes the same word in its own slowlog (6.2).
const redacted = "(redacted)"

// secretSetting reports whether a setting's value is a secret: requirepass, masterauth, primaryauth,
// tls-key-file-pass, tls-client-key-file-pass, and modules' settings of like names. tls-auth-clients,
// masteruser and aclfile are not.
func secretSetting(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{"pass", "password", "passwd", "auth", "secret", "token", "credentials"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// withoutSecrets is a CONFIG GET reply with secrets replaced; one that is not set stays empty, as
// that matters to who was refused.
func withoutSecrets(pairs []string) []string {
	out := slices.Clone(pairs[:len(pairs)/2*2])
	for i := 0; i+1 < len(out); i += 2 {
		if secretSetting(out[i]) && out[i+1] != "" {
			out[i+1] = redacted
		}
	}
	return out
}

// redact replaces secrets in a command of the slowlog. Servers from 6.2 do it themselves; older
// ones keep them as they were sent (redis 6.0.20 slowlog.c redacts nothing).
func redact(argv []any) {
	word := func(i int) string {
		if i >= len(argv) {
			return ""
		}
		s, _ := argv[i].(string)
		return strings.ToLower(s)
	}
	hide := func(from, to int) {
		for i := from; i < min(to, len(argv)); i++ {
			argv[i] = redacted
		}
	}
	switch word(0) {
	case "auth":
		hide(1, len(argv))
	case "config":
		if word(1) != "set" {
			return
		}
		for i := 2; i+1 < len(argv); i += 2 {
			if secretSetting(word(i)) {
				hide(i+1, i+2)
			}
		}
	case "acl":
		if word(1) == "setuser" {
			hide(3, len(argv))
		}
	case "hello", "migrate":
		for i := 1; i < len(argv); i++ {
			switch word(i) {
			case "auth":
				hide(i+1, i+3) // HELLO has a user before it, MIGRATE a word after it: both may go
			case "auth2":
				hide(i+1, i+3)
			}
		}
	case "sentinel":
		if word(1) == "set" {
			for i := 3; i+1 < len(argv); i += 2 {
				if secretSetting(word(i)) {
					hide(i+1, i+2)
				}
			}
		}
	}
}
