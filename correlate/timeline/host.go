package timeline

import (
	"psyncope/ingest/table"
)

// Host is all evidence of one instance, in order of time on the axis.
type Host struct {
	Name     string
	Clock    clock
	Samples  []Sample
	Replicas []ReplicaRow
	Stats    []Statistic
	Events   []Event
	Commands []Command
	latency  []latency
	Clients  []table.Client
	Machine  []HostSample // what tools said of the host under it
	Kernel   []Event      // what the kernel said there
	// Unanswered are the dumps that were asked for in vain, in the order of time.
	Unanswered []Unanswered
	failures   []Event  // the same as they were read
	tools      []*ticks // the files of Machine, each with its times
	longest    micros   // how long before it a row of Machine may tell of
	Settings   map[string]Setting
	// Peers are what the group's other servers run with: a better guess than the version's default.
	Peers  map[string]Setting
	Lives  []Life
	Stalls []Stall
	Holds  []Explanation // what of its own held its event loop, in no order
	Copied []*Event      // what its children said they copied (redis 7.4.1 server.c sendChildInfo), in the order of time
	Addrs  []string      // ip:port under which others speak of it, best first
	// Reached are the addresses by which whoever took its dumps reached it: where others speak of it by an announced address, that one may
	// lead nowhere from where one stands.
	Reached  []string
	Sentinel bool
	// YearGuessed tells that its log has no years, and that they rest on nothing but its files' own time.
	YearGuessed bool
	// Damage is what its own rows show to be not as the server wrote it.
	Damage  []Damage
	Steps   []Step // where its clock was set
	mixed   bool   // see Mixed
	written micros // when its log files were last changed, by their file system; unknown without
	step    micros // usual time between dumps; 0 with fewer than three
	// slowlogSeen tells that a slowlog was taken, though it may have held nothing.
	slowlogSeen bool
	// release is the version that the log names last: every setting's default hangs on it, and looking for it means
	// going through the whole log.
	release *release
	ofFile  map[string]Source  // see sources
	ran     map[table.Int]bool // the process ids of its server, made when they are asked for; see isPID
}
