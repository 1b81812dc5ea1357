package info

import (
	"encoding/binary"
	"math"
	"math/bits"

	"psyncope/ingest/table"
)

const (
	zeros = 0x3030303030303030
	sixes = 0x0606060606060606
	highs = 0xf0f0f0f0f0f0f0f0
)

var powers = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// digits reads the decimal digits at the beginning of b, eight at a time: how many there are, and
// what they say. More than 18 say nothing certain; the caller has to look at n.
func digits(b []byte) (v int64, n int) {
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b) ^ zeros
		m := bits.TrailingZeros64((x|(x+sixes))&highs) >> 3 // digits among the eight bytes
		if m == 0 {
			return v, n
		}
		x <<= uint(8-m) * 8 // those behind become leading zeros
		x = x*10 + x>>8
		x = (x&0x000000ff000000ff*(100+1_000_000<<32) + x>>16&0x000000ff000000ff*(1+10_000<<32)) >> 32
		v, n, b = v*powers[m]+int64(x), n+m, b[m:]
		if m < 8 || n > 18 {
			return v, n
		}
	}
	for _, c := range b {
		if c -= '0'; c > 9 {
			break
		}
		if n++; n > 18 {
			break
		}
		v = v*10 + int64(c)
	}
	return v, n
}

// number reads the whole of b as a decimal number that fits; a sign is allowed.
func number(b []byte) (table.Int, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	v, n := digits(b)
	if n > 18 { // at the edge of int64: with care
		v = 0
		for n = 0; n < len(b) && b[n]-'0' <= 9; n++ {
			d := int64(b[n] - '0')
			if v > (math.MaxInt64-d)/10 {
				return table.Null, false
			}
			v = v*10 + d
		}
	}
	if n == 0 || n != len(b) {
		return table.Null, false
	}
	if neg {
		v = -v
	}
	return table.Int(v), true
}

var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}

// real reads the whole of b as a decimal fraction of at most 15 digits. Those are below 2^53 units of the
// last place, and so the quotient is the nearest float64, as strconv's would be.
func real(b []byte) (table.Float, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	v, n := digits(b)
	if n == 0 || n > 15 {
		return table.NoFloat(), false
	}
	places := 0
	if b = b[n:]; len(b) > 0 {
		if b[0] != '.' {
			return table.NoFloat(), false
		}
		f, m := digits(b[1:])
		if m == 0 || m != len(b)-1 || n+m > 15 {
			return table.NoFloat(), false
		}
		v = v*int64(tens[m]) + f
		places = m
	}
	r := float64(v) / tens[places]
	if neg {
		r = -r
	}
	return table.Float(r), true
}
