package delivery_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var matrix = flag.String("matrix", "short", "how much is replayed and delivered: short, or full")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
