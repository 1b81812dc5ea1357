package secret

import "strings"

// secretName reports whether a word, in lower case, is the name of a secret.
func secretName(word string) bool {
	if harmless(word) {
		return false
	}
	if ends(word) {
		return true
	}
	for _, part := range [...]string{"password", "passwd", "passphrase", "secret", "credential", "api_key", "api-key", "apikey", "access_key", "access-key", "accesskey", "private_key", "private-key", "encryption_key", "auth_token", "authtoken"} {
		if strings.Contains(word, part) {
			return true
		}
	}
	return word == "pwd" || strings.HasSuffix(word, "_pwd") || strings.HasSuffix(word, "-pwd")
}

// harmless knows words that end like the name of a secret and are none: error codes, INFO's counters, ACL's rules, and settings that name a place.
func harmless(word string) bool {
	switch word {
	case "noauth", "wrongpass", "nopass", "resetpass", "bypass", "compass", "unauth", "acl_access_denied_auth", "maxpass", "reauth", "preauth":
		return true
	}
	return strings.HasPrefix(word, "cmdstat_") || strings.HasPrefix(word, "errorstat_") || strings.HasPrefix(word, "latency_percentiles_")
}

// plain reports whether the name of a secret is a word of English, too, with which a sentence goes on.
func plain(word string) bool {
	switch word {
	case "pass", "password", "passwords", "passwd", "passphrase", "pwd", "auth", "auth2", "secret", "secrets", "token", "tokens", "credential", "credentials", "authorization", "username-password":
		return true
	}
	return false
}

// goesOn reports whether a word, in lower case, is one with which servers, their errors and people go on behind "password", "AUTH" and the like
// where no secret follows (redis 8 and valkey 9, acl.c, replication.c, networking.c, sentinel.c; the catalogue of messages).
func goesOn(word string) bool {
	switch word {
	case "", "a", "about", "according", "already", "an", "and", "any", "are", "as", "at", "auth", "authentication", "before", "but", "by", "can", "can't", "cannot",
		"called", "check", "command", "commands", "configured", "could", "denied", "did", "differs", "directive", "does", "doesn't", "during", "empty", "error", "expired",
		"fail", "failed", "failure", "field", "file", "for", "found", "from", "given", "has", "hash", "have", "if", "in", "incorrect", "invalid", "is", "it", "mismatch", "missing", "must",
		"needed", "no", "none", "not", "of", "off", "ok", "on", "only", "option", "or", "pair", "parameter", "password", "protected", "provided", "rejected", "reply", "required", "response", "seen", "set",
		"setting", "should", "so", "succeeded", "than", "that", "the", "then", "there", "this", "to", "too", "username", "user", "was", "were", "when", "which", "while", "will", "with", "without", "won't", "wrong", "you", "your",
		"<password>", "master", "primary", "replconf", "denied,", "noauth", "wrongpass", "null", "nil", "\\", "-", "--", "->", "noperm", "unexpected", "type", "error:", "err":
		return true
	}
	return false
}
