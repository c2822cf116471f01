package env

import (
	"log/slog"
	"math"
	"time"
)

// Took is how a line of the log says how long something took: in milliseconds, a number in
// either format.
func Took(d time.Duration) slog.Attr {
	return slog.Float64("took_ms", math.Round(d.Seconds()*1e6)/1e3)
}
