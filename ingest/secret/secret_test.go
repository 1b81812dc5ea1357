package secret

import (
	"encoding/json"
	"strings"
	"testing"
)

// Each text holds hunter2 once or more, and nothing else in it may be lost but what is named.
func TestTextHidesCredentials(t *testing.T) {
	for _, s := range []string{
		`requirepass hunter2`, `requirepass "hunter2"`, `requirepass "hun ter2 hunter2"`, `masterauth=hunter2`, `primaryauth: hunter2`,
		`"requirepass" "hunter2"`, `'masterauth', 'hunter2'`, `"requirepass":"hunter2"`, `{\"password\":\"hunter2\",\"x\":1}`,
		`>>> 'requirepass hunter2'`, `*** FATAL CONFIG FILE ERROR *** at line 3 >>> 'masterauth "hunter2"'`,
		`CONFIG SET requirepass hunter2`, `SENTINEL CONFIG SET sentinel-pass hunter2`, `sentinel auth-pass mymaster hunter2`, `SENTINEL SET mymaster auth-pass hunter2`,
		`AUTH hunter2`, `AUTH alice hunter2`, `"AUTH" "alice" "hunter2"`, `1339518083.107412 [0 127.0.0.1:60866] "AUTH" "hunter2"`, `HELLO 3 AUTH alice hunter2 SETNAME x`,
		`MIGRATE 10.0.0.1 6379 k 0 5000 AUTH2 alice hunter2 KEYS a`, `redis.call('AUTH','hunter2')`,
		`*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n`, "*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n",
		`redis://alice:hunter2@10.0.0.1:6379/0`, `rediss://:hunter2@cache`, `replicaof redis://hunter2@cache:6379`, `https://x:hunter2@h/?q=1 and more`,
		`ACL SETUSER alice on >hunter2 ~* +@all`, `user alice on >hunter2 ~* &* +@all`, `Error in the ACL file: line 3: user alice on >hunter2`,
		`redis-server *:6379 --requirepass hunter2 --port 7`, `redis-cli -a hunter2 -h x info`, `redis-cli --user alice --pass hunter2`, `REDISCLI_AUTH=hunter2 redis-cli`,
		`docker run -e REDIS_PASSWORD=hunter2 redis`, `MODULE LOAD /x/y.so PASSWORD hunter2`, `loadmodule /x/y.so TOKEN hunter2 hunter2`, `MODULE LOADEX /x.so CONFIG a hunter2 ARGS hunter2`,
		`ERR unknown command 'AUHT', with args beginning with: 'hunter2' `, `AUTH x requirepass hunter2`,
		`Authorization: Bearer hunter2`, `the password is hunter2`, `with password hunter2 it works`, `tls-key-file-pass hunter2`, `aws_secret_access_key = hunter2`, `api_key: hunter2`,
		`argv[1]: '"hunter2"'`, `Bad directive 'requirepass' in 'requirepass hunter2'`, `masterauth "hunter2`, `requirepass 	hunter2`, `password: hunter2`, `Password=hunter2;Server=x`,
	} {
		if got := Text(s); strings.Contains(got, "hunter2") || !strings.Contains(got, Mask) {
			t.Errorf("%s\n  becomes %s", s, got)
		}
	}
	key := "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
	if got := Text("x " + key); strings.Contains(got, key) {
		t.Errorf("a key's line stays: %s", got)
	}
}

// The near misses: what servers say about credentials without saying one.
func TestTextLeavesTheRest(t *testing.T) {
	for _, s := range []string{
		"WRONGPASS invalid username-password pair or user is disabled.", "NOAUTH Authentication required.", "Unable to AUTH to MASTER: -WRONGPASS invalid username-password pair",
		"ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
		"DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode",
		"4) Set up an authentication password for the default user.", "ERR invalid password", "AUTH failed: ERR invalid password",
		"CONFIG SET failed (possibly related to argument 'requirepass') - can't set", "acl_access_denied_auth:5", "cmdstat_auth:calls=3,usec=9", "tls-auth-clients yes", "masteruser alice", "aclfile /etc/users.acl",
		"(Non critical) Master does not understand REPLCONF listening-port: -NOAUTH Authentication required.", "Failed opening the RDB file dump.rdb", "Client id=3 addr=10.0.0.9:4 name=app user=default cmd=auth",
		"warning: using a password with '-a' option on the command line interface may not be safe", "http://example.org/a@b", "requirepass", "Partial resynchronization not possible",
		"8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb:1234567", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "/var/lib/redis/appendonlydir/appendonly.aof.1.incr.aof.and.longer",
		"setting changed: repl-timeout: 60", "Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=1, just started", "user session expired > 3 times",
	} {
		if got := Text(s); got != s {
			t.Errorf("%s\n  becomes %s", s, got)
		}
	}
}

// A log line in JSON stays JSON.
func TestTextKeepsRecordsWhole(t *testing.T) {
	for _, s := range []string{
		`argv[1]: '\"hunter2\"'`, `ERR unknown command 'X', with args beginning with: 'hunter2' `, `MODULE LOAD /x.so hunter2`, `AUTH hunter2`, `requirepass hunter2`, `requirepass \"hunter2\"`,
		`redis://u:hunter2@h:1`, `user a on >hunter2`, `password: hunter2`,
	} {
		line := `{"log":"1:M ` + s + `\n","stream":"stdout"}`
		got := Text(line)
		if strings.Contains(got, "hunter2") || !strings.HasSuffix(got, `","stream":"stdout"}`) || !json.Valid([]byte(got)) {
			t.Errorf("%s\n  becomes %s", line, got)
		}
	}
}

func TestArgs(t *testing.T) {
	for given, want := range map[string]string{
		"AUTH hunter2":                              "AUTH (redacted)",
		"ACL SETUSER bob on >hunter2":               "ACL SETUSER bob (redacted) (redacted)",
		"CONFIG SET maxmemory 1 requirepass x":      "CONFIG SET maxmemory 1 requirepass (redacted)",
		"CONFIG SET repl-timeout 60":                "CONFIG SET repl-timeout 60",
		"SENTINEL CONFIG SET sentinel-pass hunter2": "SENTINEL CONFIG SET sentinel-pass (redacted)",
		"MODULE LOAD /x.so a b":                     "MODULE LOAD /x.so (redacted) (redacted)",
		"auth ops hunter2":                          "auth (redacted) (redacted)",
		"CONFIG SET hz 10 masterauth hunter2":       "CONFIG SET hz 10 masterauth (redacted)",
		"CONFIG GET requirepass":                    "CONFIG GET requirepass",
		"MIGRATE h 1 k 0 9 AUTH2 ops hunter2 KEYS":  "MIGRATE h 1 k 0 9 AUTH2 (redacted) (redacted) KEYS",
		"SENTINEL SET main auth-pass hunter2":       "SENTINEL SET main auth-pass (redacted)",
		"SET auth hunter2":                          "SET auth hunter2",
		"AUTH":                                      "AUTH",
		"SET user:password hunter2":                 "SET user:password hunter2", // the user's own value
		"SET u redis://a:hunter2@h":                 "SET u redis://a:(redacted)@h",
		"HELLO 3 AUTH a b SETNAME c":                "HELLO 3 AUTH (redacted) (redacted) SETNAME c",
		"EVAL redis.call('AUTH','hunter2') 0":       "EVAL redis.call('AUTH','(redacted)') 0",
	} {
		argv := strings.Fields(given)
		Args(argv)
		if got := strings.Join(argv, " "); got != want {
			t.Errorf("%s\n  becomes %s\n  wanted  %s", given, got, want)
		}
	}
}

func TestSetting(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
	}{
		{"requirepass", true},
		{"MasterAuth", true},
		{"primaryauth", true},
		{"tls-key-file-pass", true},
		{"tls-client-key-file-pass", true},
		{"sentinel auth-pass", true},
		{"user", true},
		{"my-module.password", true},
		{"masteruser", false},
		{"tls-auth-clients", false},
		{"aclfile", false},
		{"maxmemory", false},
		{"", false},
	} {
		if got := Setting(c.name); got != c.want {
			t.Errorf("Setting(%q) = %v", c.name, got)
		}
	}
}

func TestOpen(t *testing.T) {
	for s, want := range map[string]bool{
		`requirepass`: true, `1) "requirepass"`: true, ` 7) "masterauth"`: true, `-----BEGIN RSA PRIVATE KEY-----`: true, "$11\r\nrequirepass": true,
		`ERR invalid password`: false, `1) "maxmemory"`: false, `1) "auth"`: false, ``: false, `NOAUTH`: false,
	} {
		if Open(s) != want {
			t.Errorf("Open(%q) is not %v", s, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("AUTH hunter2", "requirepass \"x\"")
	f.Fuzz(func(t *testing.T, a, b string) {
		got := Text(a + b)
		if again := Text(got); strings.Count(again, Mask) < strings.Count(got, Mask) {
			t.Errorf("%q becomes %q, then %q", a+b, got, again)
		}
		Args([]string{a, b})
		Open(a)
	})
}
