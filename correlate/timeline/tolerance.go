package timeline

// Tolerances: how far apart things may lie, or how long they must last, to be taken for what they are. Each has its reason; two that are as
// long for different reasons have two names. All are microseconds.
const (
	// Tick is how often a server looks at its links: replicationCron runs once a second (redis 7.4.1 server.c serverCron), so
	// whatever it does about a link it does up to a second late.
	Tick = second
	// TwoTicks: a timer asks for more than its timeout and is looked at once a tick, so that what it does may follow its reason by two.
	TwoTicks = 2 * second
	// ThreeTicks: one end's two ticks, and the tick after which the other end notices or connects again.
	ThreeTicks = 3 * second
	// WholeSecond is how far a date in whole seconds may be off: the slowlog's and a collector's are cut off (redis 7.4.1 slowlog.c:67).
	WholeSecond = second
	// SecondAndHalf: a slowlog's whole second, and the time a request takes to be read.
	SecondAndHalf = 3 * second / 2
	// SameMoment holds lines that one command of a server writes: they are written one after another, without a turn of the event loop
	// between. No source bounds it; a quarter of a second is a slow disk's write.
	SameMoment = second / 4
	// Queued: dumps nearer to each other than this were queued behind a server that stood still. No collector asks as often.
	Queued = second / 4
	// CalledSlow is what servers themselves call slow: busy-reply-threshold is 5,000 ms unless set (redis 7.4.1 config.c).
	CalledSlow = 5 * second
	// MinuteApart is how far dumps may lie apart and still speak of one another: cron takes them once a minute, and so do most collectors.
	MinuteApart = 60 * second
	// NearDump is how near a dump lies to a moment that it speaks of: half of what minutely dumps are apart.
	NearDump = 30 * second
	// LongWait is how long a snapshot that was granted may have to wait for another child, or a person to mend an address: no source
	// bounds it; ten minutes is ten times the default repl-timeout, after which somebody would have given up.
	LongWait = 600 * second
	// HelloLag is how long Sentinels take to hear of a switch: they publish hello messages every two seconds (redis 7.4.1 sentinel.c
	// sentinel_publish_period) and refresh INFO every ten.
	HelloLag = 10 * second
	// FsyncHeld is how long a write has been held when the AOF's line says so (redis 7.4.1 aof.c flushAppendOnlyFile).
	FsyncHeld = 2 * second
	// ZoneSlack is how far two dates of one moment may lie from a whole time zone: a start line is seconds away from the process's start.
	ZoneSlack = 30 * second
	// ClockWrong bounds what is taken for a wrong clock beside a wrong zone: zones are a quarter of an hour apart, and hosts without any
	// synchronization drift by minutes.
	ClockWrong = 300 * second
	// LongOutage is from when on an outage is critical, full resync or not: clients' own timeouts are shorter.
	LongOutage = 30 * second
)

// Hole is how much longer than usual dumps must be apart for one to be missing, as a share of the usual step in tenths: less is a
// collector's jitter.
const Hole = 17

// mixedReturns is how often a process must come back in one file before its lines are taken for several servers'. Process ids are given
// out again, but not three times to the same server while another one runs.
const mixedReturns = 3
