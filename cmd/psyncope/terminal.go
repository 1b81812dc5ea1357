package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// terminal is the file behind w where that is a terminal, nil otherwise.
func terminal(w io.Writer) *os.File {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// terminalWidth is the width of w in columns: COLUMNS where that is set, 0 where w is no terminal.
func terminalWidth(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	f := terminal(w)
	if f == nil {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// colors decides --color: auto asks the terminal and honours NO_COLOR (no-color.org); a flag outranks both.
func colors(when string, w io.Writer) bool {
	if when == "auto" {
		return terminal(w) != nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return when == "always"
}
