package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// contentTypes is the part of a workbook that readers look for first.
const contentTypes = "[Content_Types].xml"

// inOrder writes a workbook's archive with its parts in a fixed order: excelize v2.11.1 keeps them, and the kinds of files it knows, in maps,
// so that two workbooks of one report would differ.
func inOrder(w io.Writer, archive []byte) error {
	in, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return fmt.Errorf("order workbook: %w", err)
	}
	slices.SortFunc(in.File, func(a, b *zip.File) int {
		return cmp.Or(-compareIs(a.Name, b.Name, contentTypes), cmp.Compare(a.Name, b.Name))
	})
	out := zip.NewWriter(w)
	for _, f := range in.File {
		part, err := f.Open()
		if err != nil {
			return fmt.Errorf("order workbook: %w", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return fmt.Errorf("order workbook: %w", err)
		}
		if f.Name == contentTypes {
			content = []byte(sortDefaults(string(content)))
		}
		to, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate})
		if err != nil {
			return fmt.Errorf("order workbook: %w", err)
		}
		if _, err := to.Write(content); err != nil {
			return fmt.Errorf("order workbook: %w", err)
		}
	}
	return out.Close()
}

// compareIs puts the one that is name behind the other.
func compareIs(a, b, name string) int {
	switch {
	case a == b:
		return 0
	case a == name:
		return 1
	case b == name:
		return -1
	}
	return 0
}

// sortDefaults orders the elements that say what an extension is.
func sortDefaults(s string) string {
	const begin, end = "<Default ", "</Default>"
	first, last := strings.Index(s, begin), strings.LastIndex(s, end)
	if first < 0 || last < first {
		return s
	}
	elements := strings.SplitAfter(s[first:last+len(end)], end)
	slices.Sort(elements)
	return s[:first] + strings.Join(elements, "") + s[last+len(end):]
}
