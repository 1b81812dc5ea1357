package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// choice is a flag's value out of a few words.
type choice struct {
	value string
	words []string
}

func (c *choice) String() string { return c.value }

func (c *choice) Type() string { return strings.Join(c.words, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("it is one of %s%s", strings.Join(c.words, ", "), didYouMean(s, c.words))
	}
	c.value = s
	return nil
}

// addChoice declares a flag that takes one of words, the first of them by default.
func addChoice(cmd *cobra.Command, name, short, help string, words ...string) *choice {
	c := &choice{value: words[0], words: words}
	cmd.Flags().VarP(c, name, short, help)
	completeFlag(cmd, name, words)
	return c
}

// completeFlag offers words to the shell. The flag exists, so that registering cannot fail.
func completeFlag(cmd *cobra.Command, name string, words []string) {
	if err := cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// toggle is a flag without a value. pflag's own would show as --quiet[=true|false].
type toggle bool

func (t *toggle) String() string { return strconv.FormatBool(bool(*t)) }

func (t *toggle) Type() string { return "bool" }

func (t *toggle) Set(s string) error {
	on, err := strconv.ParseBool(s)
	*t = toggle(on)
	return err
}

func addToggle(flags *pflag.FlagSet, to *bool, name, short, help string) {
	flags.VarP((*toggle)(to), name, short, help)
	flags.Lookup(name).NoOptDefVal = "true"
}
