package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"psyncope/ingest"
	"psyncope/ingest/pseudonym"
	"psyncope/ingest/redact"
)

// redacting are the flags by which pseudonyms are made.
type redacting struct {
	redact  bool
	keyFile string
}

func (r *redacting) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.keyFile, "key-file", "", "make the pseudonyms of --redact with the key in `FILE`, so that they are those of another run; a file that is missing is made")
}

// maker is what makes the pseudonyms; nil where none are wanted. A key that was made for this run is shown once.
func (r *redacting) maker(stderr io.Writer, quiet bool) (*pseudonym.Maker, error) {
	switch {
	case !r.redact && r.keyFile != "":
		return nil, usagef("--key-file is for --redact")
	case !r.redact:
		return nil, nil
	}
	key, err := r.key()
	if err != nil {
		return nil, err
	}
	if r.keyFile == "" && !quiet {
		fmt.Fprintf(stderr, "psyncope: the key of these pseudonyms, shown this once: %x\npsyncope: keep it to yourself; in a file, --key-file makes the same pseudonyms again\n", key)
	}
	return pseudonym.New(key), nil
}

func (r *redacting) key() ([]byte, error) {
	if r.keyFile == "" {
		return pseudonym.NewKey()
	}
	b, err := os.ReadFile(r.keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := pseudonym.NewKey()
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(r.keyFile, fmt.Appendf(nil, "%x\n", key), 0o600); err != nil {
			return nil, nothingf("write the key: %w", err)
		}
		return key, nil
	}
	if err != nil {
		return nil, nothingf("read the key: %w", err)
	}
	key, err := pseudonym.ParseKey(string(b))
	if err != nil {
		return nil, usagef("--key-file %s: %w", r.keyFile, err)
	}
	return key, nil
}

// underPseudonyms gives the names in flags the pseudonyms under which they will be found.
func (e *evidence) underPseudonyms(m *pseudonym.Maker) {
	for _, pairs := range [][]string{e.zones, e.skews} {
		for i, pair := range pairs {
			if name, rest, ok := strings.Cut(pair, "="); ok {
				pairs[i] = m.Path(name) + "=" + rest
			}
		}
	}
	e.reference, e.group = m.Path(e.reference), m.Path(e.group)
}

// withPseudonyms is the account of what belongs to no case.
func withPseudonyms(m *pseudonym.Maker, s ingest.Summary) ingest.Summary {
	for i, f := range s.Files {
		s.Files[i] = m.File(f)
	}
	for i, u := range s.Unclaimed {
		s.Unclaimed[i].Path = m.Path(u.Path)
	}
	for i, p := range s.Problems {
		s.Problems[i] = m.Problem(p)
	}
	return s
}

func newRedact() *cobra.Command {
	var out string
	var force, quiet bool
	r := redacting{redact: true}
	cmd := &cobra.Command{
		Use:   "redact CAPTURE… --out DIR",
		Short: "Write a capture once more, without names, addresses, keys and values",
		Long: `Write the files of a capture into a new directory, line by line, with pseudonyms in place of what is yours: names of
hosts, files, clients, users and keys, addresses, ids, arguments and values. The same name has the same pseudonym everywhere, and
addresses stay addresses of their network, so that analyze finds in it what it finds in the capture, in the same lines. What servers
say, commands, numbers, sizes, offsets and times stay. A line that is not understood is withheld, with its length, and so is a file that is no artifact.
Credentials are gone, with or without this.

The pseudonyms are made with a random key, which is shown once, or with that of --key-file.`,
		Example: `  psyncope redact ./capture --out ./for-the-ticket
  psyncope redact incident.tar.gz --out ./shared --key-file ~/.psyncope-key`,
		Args: needs(needsCapture, "psyncope redact ./capture --out ./redacted"),
		RunE: func(cmd *cobra.Command, roots []string) error {
			if out == "" {
				return usagef("redact needs --out DIR, where the redacted capture goes")
			}
			m, err := r.maker(cmd.ErrOrStderr(), quiet)
			if err != nil {
				return err
			}
			return redacted(cmd, redact.Options{Roots: roots, Stdin: cmd.InOrStdin(), Maker: m}, out, force, quiet)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`DIR` of the redacted capture: a new or an empty one")
	r.flags(cmd)
	addToggle(cmd.Flags(), &force, "force", "", "replace a directory that holds something")
	addToggle(cmd.Flags(), &quiet, "quiet", "q", "say nothing but errors, and do not show the key")
	return cmd
}

func redacted(cmd *cobra.Command, o redact.Options, out string, force, quiet bool) error {
	dir, err := newOutDir(cmd.Context(), out, nil, force)
	if err != nil {
		return nothingf("make the directory of --out: %w", err)
	}
	if dir.beside && !force {
		dir.abandon()
		return nothingf("--out %s holds files already, which would mix with the redacted ones: name an empty directory, or say --force", out)
	}
	o.Out = dir.dir
	res, err := redact.Run(cmd.Context(), o)
	if err != nil {
		dir.abandon()
		return nothingf("redact: %w", err)
	}
	dir.bare, dir.beside = true, false
	if err := dir.commit(); err != nil {
		return nothingf("write %s: %w", out, err)
	}
	if !quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s: %d files, %d lines withheld, %d files left out that could not be read\nLook it through before it leaves the house: psyncope analyze %s\n", out, res.Files, res.Withheld, res.Unreadable, out)
	}
	return nil
}
