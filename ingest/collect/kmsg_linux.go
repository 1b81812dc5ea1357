package collect

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// mostOfKernel bounds what is taken of the kernel's log; its ring is a megabyte at most, unless set larger (CONFIG_LOG_BUF_SHIFT).
	mostOfKernel = 4 << 20
	// kmsgRecord is the largest record of /dev/kmsg (Linux kernel/printk/internal.h PRINTK_MESSAGE_MAX).
	kmsgRecord = 8 << 10
)

// kernelSince is the kernel's log from a moment on, as `dmesg --time-format iso` prints it; empty where this user may not read it.
func kernelSince(from time.Time, now func() time.Time) []byte {
	booted, ok := bootedAt(now)
	if !ok {
		return nil
	}
	fd, err := syscall.Open("/dev/kmsg", syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	var out bytes.Buffer
	record := make([]byte, kmsgRecord)
	for out.Len() < mostOfKernel {
		n, err := syscall.Read(fd, record)
		if err == syscall.EPIPE || err == syscall.EINTR { // the record was overwritten meanwhile; the next one is the oldest that is left
			continue
		}
		if err != nil || n <= 0 {
			break // EAGAIN: no more
		}
		// "6,1234,5678901,-;message\n KEY=value": priority, number, microseconds since boot (Documentation/ABI/testing/dev-kmsg).
		head, text, found := strings.Cut(string(record[:n]), ";")
		fields := strings.Split(head, ",")
		if !found || len(fields) < 3 {
			continue
		}
		us, err := strconv.ParseInt(fields[2], 10, 64)
		at := booted.Add(time.Duration(us) * time.Microsecond)
		if err != nil || at.Before(from) {
			continue
		}
		text, _, _ = strings.Cut(text, "\n")
		out.WriteString(at.UTC().Format("2006-01-02T15:04:05,000000+00:00 "))
		out.WriteString(text)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// bootedAt is when the machine was started, on the collector's clock.
func bootedAt(now func() time.Time) (time.Time, bool) {
	b, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return time.Time{}, false
	}
	up, err := strconv.ParseFloat(strings.Fields(string(b) + " x")[0], 64)
	return now().Add(-time.Duration(up * float64(time.Second))), err == nil
}
