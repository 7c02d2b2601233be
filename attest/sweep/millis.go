package sweep

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"
)

// maxMillis bounds what is read: a float64 holds every nanosecond up to here.
const maxMillis = 1e9 // about eleven days

// MarshalJSON writes the shortest number of milliseconds that reads back as the
// same duration: 100, 152.341.
func (m Millis) MarshalJSON() ([]byte, error) {
	ms := float64(m) / float64(time.Millisecond)
	if math.Abs(ms) > maxMillis {
		return nil, fmt.Errorf("a duration of %v is too long for a number of milliseconds", time.Duration(m))
	}
	return strconv.AppendFloat(nil, ms, 'f', -1, 64), nil
}

// UnmarshalJSON reads a number of milliseconds, whole or decimal, to the
// nanosecond.
func (m *Millis) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return nil // as encoding/json has it
	}
	ms, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return fmt.Errorf("%s is no number of milliseconds", data)
	}
	if math.Abs(ms) > maxMillis {
		return fmt.Errorf("%s milliseconds is out of range", data)
	}
	*m = Millis(math.Round(ms * float64(time.Millisecond)))
	return nil
}
