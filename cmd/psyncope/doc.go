/*
Psyncope reads what was collected around a Redis or Valkey replication incident and says what broke
replication and why.

# Analyse

A capture is a directory, an archive, files, or - for standard input. Each file is recognised by its
content: INFO dumps, logs of servers and Sentinels, slowlogs, settings, client lists, latency events.

	$ psyncope analyze testdata/capture
	1 replication incident, critical (1 group, 2 instances, 2026-11-22 17:40:00.000 to 18:44:10.000
	UTC).

	────────────────────────────────────────────────────────────────────────────────────────────────────
	CRITICAL  KEYS session:* on redis-a (called by 10.0.0.9:51122, worker) held it for 75 s: redis-b
	          lost the link, and came back by 1 full resync
	  when      2026-11-22 18:41:39.979 to 18:42:58.097 UTC, 78.1 s
	  affected  redis-b (group redis-a)
	  began     slow-command on redis-a at 18:41:39.979, 99% sure: KEYS session:* ran for 75 s on
	            redis-a
	…

The report goes to standard output, words about the run to standard error. --format chooses another
form, --out DIR writes several of them, and report renders a saved one again:

	psyncope analyze --format json testdata/capture > saved.json
	psyncope analyze --out reports --format text,json,csv testdata/capture
	psyncope report saved.json

Times in the report are on the clock of the group's first primary. Where the evidence leaves an
instance's zone or skew open, --tz and --skew say them.

# Exit codes

	0    analysed, nothing at or above --fail-on (whose default is none)
	1    incidents at or above --fail-on
	2    wrong usage
	3    nothing could be analysed, or what was read allows no verdict, or the report could not be written
	4    analysed, but part of the input was unreadable and --strict was given; outranks 1
	130  interrupted

An input without evidence is never a success:

	$ psyncope analyze doc.go
	psyncope: nothing to analyse in doc.go: none of 1 files is an INFO dump, a server or Sentinel log, a slowlog, a configuration, a client list or a latency report with anything in it; expected a directory for each instance (redis-a/redis.log, redis-a/info.log, ...), files named after instances (redis-a.log, info-redis-a.txt), or an archive of either

# Other verbs

clocks and size print one part of the analysis, explain the words behind a name, and collect takes a
capture from live servers. A mistake says what was probably meant:

	$ psyncope analyse testdata/capture
	psyncope: unknown command "analyse"; did you mean analyze?
	More: psyncope help

The environment: NO_COLOR turns colour off, REDISCLI_AUTH is the password of collect.
*/
package main
