package cause

import "psyncope/correlate/diagnosis"

// Cause is one kind of trigger: what it is, where it is looked for, and what speaks for it and against it.
type Cause struct {
	Kind diagnosis.CauseKind
	// Prose is what `explain` prints.
	Prose string
	// Told is the cause in a headline, with %s for the server where it lies.
	Told string
	// On is where the suspect stands: the primary, or each replica of the first round.
	On side
	// Blocks says that the cause keeps every resync from succeeding: it outweighs what broke the link first.
	Blocks bool
	// What says it in the summary, before the strongest Finding, where that Finding alone does not name the cause.
	What string
	// Prior is how often the cause is met at all, beside others that as much speaks for.
	Prior Grade
	Clues []Clue
	// Fits asks whether it could have lost the links as they were lost: a no means that whatever else speaks for it does not count.
	// Nil where every loss fits.
	Fits func(*scene) Finding
	// Residual says that it is what is left where nothing else is said: it is sure of nothing where those who would say it are not heard.
	Residual bool
	// Resource is what runs short whenever it is this cause.
	Resource diagnosis.Resource
	// Unseen: the primary may say it of a link that nothing else in the evidence shows.
	Unseen bool
	// Fix names what to change, in order.
	Fix []string
}

type side int

const (
	OnPrimary side = iota
	onReplica
	OnObeyed // whoever the command was given to
	OnPath   // a replica where one link broke, the primary where all did
)

// Clue is a question to the evidence, with what a yes is worth for the cause and a no against it.
type Clue struct {
	Says    string // the phrase `explain` prints
	Ask     func(*scene) Finding
	For     Grade
	Against Doubt
	// Rare marks what few captures have the evidence for: that it is lacking says nothing of a cause that lost.
	Rare bool
}

// open reports whether a cause that lost may have lost for want of an answer to this clue.
func (q *Clue) open() bool { return q.For >= Hard && !q.Rare }

// Grade is how much a yes speaks for a cause.
type Grade int

const (
	None Grade = iota // tells something of the cause, as what ran short, and not whether it is the cause
	Fits
	Usual
	Hard
	Said
)

// Doubt is how much a no speaks against a cause.
type Doubt int

const (
	NoDoubt Doubt = iota
	Unusual
	Unlikely
	Contradicts
)

// What grades are worth stands here and nowhere else. They are logarithms of odds: clues that do not hang together add up, and 2.3
// makes a cause ten times as likely. One thing that is hard to explain otherwise outweighs two that are merely usual; what a
// server said aloud outweighs anything that is only seen; a contradiction takes away all but what was said aloud.
var (
	worth = [...]float64{None: 0, Fits: 0.5, Usual: 1.5, Hard: 4, Said: 8}
	costs = [...]float64{NoDoubt: 0, Unusual: 1, Unlikely: 2.5, Contradicts: 5}
)

// Worth is the grade as a logarithm of odds.
func (g Grade) Worth() float64 { return worth[g] }

// Cost is the doubt as a logarithm of odds, above 0.
func (d Doubt) Cost() float64 { return costs[d] }

// Words are the clue's grades as `explain` prints them.
func (q Clue) Words() string {
	said := [...]string{Fits: "fits it", Usual: "usual with it", Hard: "hard to explain otherwise", Said: "said aloud"}[q.For]
	if q.For == None && q.Against == NoDoubt {
		return "tells what ran short"
	}
	if not := [...]string{Unusual: "unusual", Unlikely: "unlikely", Contradicts: "a contradiction"}[q.Against]; not != "" {
		if said != "" {
			said += "; "
		}
		said += "where not so, " + not
	}
	return said
}
