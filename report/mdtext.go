package report

import (
	"strings"
	"unicode"
)

// ticks is the longest run of backticks in s.
func ticks(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// MarkdownText is text as Markdown that shows it and nothing else.
func MarkdownText(s string) string {
	words := strings.Fields(PlainText(s))
	for i, w := range words {
		if magnetic(w) {
			words[i] = mdCode(w)
		} else {
			words[i] = mdEscape(w, i == 0)
		}
	}
	return strings.Join(words, " ")
}

// magnetic reports whether hosts of Markdown make something of a word even when it is escaped: they link
// addresses, mention people, and refer to issues and commits. In code they do not.
func magnetic(w string) bool {
	return strings.ContainsAny(w, "@") || strings.Contains(w, "://") || strings.Contains(strings.ToLower(w), "www.") || issue(w) || hex(w)
}

// issue reports whether w refers to an issue: #12, GH-12, !12.
func issue(w string) bool {
	for _, sign := range []string{"#", "!", "GH-", "gh-"} {
		if _, after, ok := strings.Cut(w, sign); ok && after != "" && after[0] >= '0' && after[0] <= '9' {
			return true
		}
	}
	return false
}

// hex reports whether w may be taken for a commit: replication ids are.
func hex(w string) bool {
	w = strings.Trim(w, "().,:;'\"")
	return len(w) >= 7 && strings.Trim(w, "0123456789abcdef") == "" && strings.Trim(w, "0123456789") != ""
}

// mdCode is a word as code.
func mdCode(w string) string {
	w = PlainText(w)
	if strings.ContainsAny(w, "`|\\") { // which code spans and tables quarrel about
		return "<code>" + mdEscape(w, true) + "</code>"
	}
	return "`" + w + "`"
}

// mdEscape escapes what Markdown may take for markup. What only counts at the beginning of a line is
// escaped there.
func mdEscape(w string, first bool) string {
	var b strings.Builder
	for i, r := range w {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>' && first && i == 0:
			b.WriteString("&gt;")
		case r == '|':
			b.WriteString("&#124;")
		case r == ':' && strings.HasPrefix(w[i:], "://"), r == '.' && i >= 3 && strings.EqualFold(w[i-3:i], "www"):
			b.WriteByte('\\')
			b.WriteRune(r)
		case strings.ContainsRune("\\`*_[]~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case first && i == 0 && strings.ContainsRune("#+-=!", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case first && (r == '.' || r == ')') && i > 0 && strings.Trim(w[:i], "0123456789") == "":
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mdName is a name of an instance, a setting, a kind: code, or nothing where there is none.
func mdName(s string) string {
	if s == "" {
		return ""
	}
	s = strings.Join(strings.Fields(PlainText(s)), " ")
	return mdCode(s)
}

// mermaid is text for a diagram: letters, digits and the punctuation that has no meaning there; its
// grammar has no way to quote the rest.
func mermaid(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.Join(strings.Fields(visible(s)), " ") {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		if r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".,/_+()*'?", r) || r == '-' || r == ':' {
			b.WriteRune(r)
		} else {
			b.WriteRune('·')
		}
	}
	if b.Len() == 0 {
		return "unknown"
	}
	// "wrap:" at the beginning of a text is an order to the diagram.
	return strings.Replace(strings.TrimSpace(b.String()), "wrap:", "wrap·", 1)
}
