package report

import "strings"

// isCommand reports whether a line may stand in a script as it is: a client that sets or keeps settings, in plain words, or the look for a
// password before it.
func isCommand(line string) bool {
	if rest, ok := strings.CutPrefix(line, ": "); ok {
		words, ok := plainWords(rest)
		return ok && len(words) == 1 && strings.HasPrefix(rest, `"${REDISCLI_AUTH:?`)
	}
	words, ok := plainWords(line)
	if !ok || len(words) == 0 || words[0] != "redis-cli" && words[0] != "valkey-cli" {
		return false
	}
	words = words[1:]
	for len(words) >= 2 && (words[0] == "-h" || words[0] == "-p") {
		words = words[2:]
	}
	if len(words) > 0 && words[0] == "--tls" {
		words = words[1:]
	}
	return len(words) == 2 && words[0] == "CONFIG" && words[1] == "REWRITE" || len(words) == 4 && words[0] == "CONFIG" && words[1] == "SET"
}

// plainWords are the words of a shell's line; ok is false where one holds what could end it, start another command or be expanded, but
// for a variable in quotes that has to be set.
func plainWords(line string) (words []string, ok bool) {
	for line != "" {
		if line[0] == ' ' {
			line = line[1:]
			continue
		}
		word, rest := line, ""
		if line[0] == '"' {
			if word, rest, ok = strings.Cut(line[1:], `"`); !ok || rest != "" && rest[0] != ' ' {
				return nil, false
			}
			if inner, ok := strings.CutPrefix(word, "${"); ok && strings.HasSuffix(inner, "}") {
				name, says, _ := strings.Cut(strings.TrimSuffix(inner, "}"), ":?")
				word = name + says
			}
		} else {
			word, rest, _ = strings.Cut(line, " ")
		}
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:+/@%-, ") != "" {
			return nil, false
		}
		words, line = append(words, word), rest
	}
	return words, true
}
