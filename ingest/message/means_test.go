package message

import (
	"slices"
	"testing"
)

// Every word is borne by some kind, and the kinds bear what whoever asks relies on.
func TestMeanings(t *testing.T) {
	borne := Meaning(0)
	for _, k := range Default().Kinds() {
		borne |= k.Means
	}
	for i := range meanings {
		if borne&(1<<i) == 0 {
			t.Errorf("no kind is %s", meanings[i].word)
		}
	}
	for _, tt := range []struct {
		kind string
		is   Meaning
		not  Meaning
	}{
		{PrimaryTimeout, LosesLink | TimesOut | LinkWord, LinkUp},
		{PsyncOk, LinkUp | HeardAnswer, EndsAttempt},
		{SyncRdbWriteError, EndsAttempt, SnapshotFailed},
		{RdbLoadEmptyKey, 0, EndsAttempt | CannotLoad},
		{RdbLoadBadVersion, EndsAttempt | FormatTooNew, CannotLoad},
		{ReplyNoauth, EndsAttempt, LinkWord},
		{ForkFailedRdb, SnapshotFailed | ForkRefused | Fault, NotWritten},
		{RdbSaveOpenFailed, SnapshotFailed | NotWritten, ForkRefused},
		{OomServer, Crash | Fault, AskedToEnd},
		{ShutdownSignal, AskedToEnd | LoopHeld, Crash},
		{Promoted, Promotes | RoleChange, RePointed},
		{ReplicaofSet, RePointed | NamesPrimary, RoleChange},
		{SentinelSdown, SaysDown | SentinelFault, RoleChange | Fault},
		{Other, 0, ^Meaning(0)},
	} {
		m := Means(tt.kind)
		if m&tt.is != tt.is || m.Is(tt.not) {
			t.Errorf("%s is %v", tt.kind, m.Words())
		}
	}
	if got := Means(PrimaryTimeout).Words(); !slices.Equal(got, []string{"loses-link", "times-out", "link-word", "follows"}) {
		t.Errorf("primary-timeout: %v", got)
	}
	if _, err := parseMeaning("loses-link nonsense"); err == nil {
		t.Error("an unknown word is no error")
	}
}
