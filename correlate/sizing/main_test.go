package sizing

import (
	"testing"

	"psyncope/fixtures/draw"
)

func TestMain(m *testing.M) { draw.Main(m, 0) }
