package timeline

// Damage is something by which a host's evidence shows that it is not as the server wrote it.
type Damage struct {
	What string // what was found, as the end of a sentence: "2 lines whose time lies outside …"
	// Where the first stands.
	File string
	Line int32
}

// Step is a moment at which the host's clock was set.
type Step struct {
	By   micros // forward where above 0
	File string
	Line int32
}
