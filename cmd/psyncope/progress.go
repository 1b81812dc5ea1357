package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"psyncope/ingest"
)

// patience is how long people wait before they want to know how far it is: what is over sooner shows no bar.
const patience = time.Second

// newProgress shows how far the reading is, on w; when is --progress. Cron must see nothing, so that
// auto means a terminal. done takes the bar away again. Both do nothing where nothing is shown.
func newProgress(w io.Writer, when string, quiet bool) (show func(ingest.Progress), done func()) {
	if quiet || when == "never" || when == "auto" && terminal(w) == nil {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	began := time.Now()
	show = func(p ingest.Progress) {
		if bar == nil && when == "auto" && time.Since(began) < patience {
			return
		}
		if bar == nil {
			bar = progressbar.NewOptions64(max(p.BytesTotal, 1),
				progressbar.OptionSetWriter(w),
				progressbar.OptionShowBytes(true),
				progressbar.OptionSetWidth(24),
				progressbar.OptionSetPredictTime(true),
				progressbar.OptionClearOnFinish(),
			)
		}
		bar.Describe(fmt.Sprintf("%d of %d files", p.Files, p.FilesTotal))
		_ = bar.Set64(min(p.Bytes, p.BytesTotal)) // a bar that cannot be drawn stops nothing
	}
	return show, func() {
		if bar != nil {
			_ = bar.Clear()
		}
	}
}
