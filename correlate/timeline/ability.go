package timeline

import "fmt"

// Ability is something that servers do from some version on.
type Ability struct {
	Major, Minor int
	Means        string
	Source       string // where it is from: the file, and the first version that has it
}

// What which server does. Valkey 7.2 is Redis 7.2, and Redict 7.3 too; KeyDB counts by the Redis it is made from, which it names.
var (
	SaysReplica = Ability{5, 0, "REPLICAOF and replica- settings beside SLAVEOF and slave-", "redis 5.0 server.c, config.c"}
	HasACL      = Ability{6, 0, "users with rights, ACL LOG", "redis 6.0 acl.c"}
	LoadsDirect = Ability{6, 0, "repl-diskless-load: a replica loads from its socket", "redis 6.0 config.c"}
	HasFailover = Ability{6, 2, "the FAILOVER command", "redis 6.2 replication.c failoverCommand"}
	// SharesBuffers: what waits for replicas lies in the backlog's own blocks, once for all. So a resize keeps its contents, the hard
	// limit for replicas is never below the backlog, and mem_clients_slaves is what they share.
	SharesBuffers = Ability{7, 0, "replicas' output buffers are part of the backlog", "redis 7.0 replication.c, networking.c:3771"}
	KeepsHistory  = Ability{7, 0, "a primary that stopped with a snapshot comes back with its id as the second one, and its offset", "redis 7.0 rdb.c rdbPopulateSaveInfo, server.c loadDataFromDisk"}
	GuardsConfig  = Ability{7, 0, "enable-protected-configs, enable-debug-command", "redis 7.0 config.c"}
	DualChannel   = Ability{8, 0, "a full resync over two connections", "valkey 8.0 replication.c; redis 8.0 calls it rdb-channel"}
)

// Can reports whether the host runs a version that does so; false where the version is not known.
func (h *Host) Can(a Ability) bool {
	flavor, v := h.Version()
	var major, minor int
	if n, _ := fmt.Sscanf(v, "%d.%d", &major, &minor); n == 0 {
		return false
	}
	if flavor == "valkey" && major == 7 {
		minor = max(minor, 2)
	}
	return major > a.Major || major == a.Major && minor >= a.Minor
}
