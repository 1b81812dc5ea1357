package main

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest"
)

// Findings are parts of the whole report on their way to being merged: their place in it, and a diagnosis as JSON, compressed. The order is that in
// which analyze takes them, so that what sorts alike stands alike.
const (
	listing   = 0       // what could not be listed
	remainder = 1       // what no format claims
	findings  = 1 << 20 // and above: a unit's, by its number
)

// pack makes a finding.
func pack(order int, d *diagnosis.Diagnosis) ([]byte, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	return z.EncodeAll(b, binary.BigEndian.AppendUint64(nil, uint64(order))), z.Close()
}

// tell makes a finding of files that belong to no case, if there are any.
func tell(ctx ctx, finding func(int, []byte), order int, sum *ingest.Summary) error {
	if len(sum.Files)+len(sum.Unclaimed)+len(sum.Problems) == 0 {
		return nil
	}
	problems.Inc(ctx, int64(len(sum.Problems)))
	d := diagnosis.Empty()
	d.AddRest(sum.Files, sum.Unclaimed, sum.Problems)
	b, err := pack(order, d)
	if err != nil {
		return err
	}
	findingBytes.Inc(ctx, int64(len(b)))
	finding(1, b) // of shards the first tells of what is in no case
	return nil
}

// merged is the whole of findings that came in any order.
func merged(all [][]byte) (*diagnosis.Diagnosis, error) {
	slices.SortStableFunc(all, func(a, b []byte) int { return cmp.Compare(orderOf(a), orderOf(b)) })
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	ds := make([]*diagnosis.Diagnosis, len(all))
	for i, f := range all {
		b, err := z.DecodeAll(f[8:], nil)
		if err != nil {
			return nil, fmt.Errorf("a finding came broken: %w", err)
		}
		ds[i] = diagnosis.Empty()
		if err := json.Unmarshal(b, ds[i]); err != nil {
			return nil, fmt.Errorf("a finding came broken: %w", err)
		}
		all[i] = nil
	}
	d := diagnosis.Merge(ds...)
	d.OneAccountEach()
	return d, nil
}

func orderOf(f []byte) uint64 { return binary.BigEndian.Uint64(f) }
