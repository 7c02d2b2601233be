package sweep

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// ErrPartialLine says that the last line of a file has no end: whoever wrote it
// was stopped in the middle. The rows before it are good.
var ErrPartialLine = errors.New("the last line is cut off")

// SyntaxError says what is wrong with a line of results.csv.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// timestampFormat is RFC 3339 in UTC with milliseconds.
const timestampFormat = "2006-01-02T15:04:05.000Z"

// String returns the row as a line of results.csv, without its end.
func (r Row) String() string {
	var average float64
	if r.Envelopes > 0 {
		average = float64(r.TotalBytes) / float64(r.Envelopes)
	}
	return fmt.Sprintf("%s,%d,%d,%d,%.2f,%d.%03d,%d,%d,%d",
		r.Timestamp.UTC().Format(timestampFormat), r.BatchSize, r.Envelopes, r.TotalBytes, average,
		r.Latency.Milliseconds(), r.Latency.Microseconds()%1000, r.Successes, r.Failures, r.Retries)
}

// WriteCSV writes the header and the rows.
func WriteCSV(w io.Writer, rows []Row) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, Header)
	for _, r := range rows {
		fmt.Fprintln(b, r)
	}
	return b.Flush()
}

// maxLine bounds a line; a row takes some 90 bytes.
const maxLine = 4 << 10

// ReadCSV reads results.csv strictly: what it accepts, [WriteCSV] writes back byte
// for byte. Errors are of type [*SyntaxError], or wrap [ErrPartialLine], which
// comes with all rows before the cut.
func ReadCSV(r io.Reader) ([]Row, error) {
	var rows []Row
	br := bufio.NewReaderSize(r, maxLine)
	for line := 1; ; line++ {
		text, err := br.ReadSlice('\n')
		switch {
		case err == io.EOF && len(text) == 0 && line > 1:
			return rows, nil
		case err == io.EOF && line > 1:
			return rows, fmt.Errorf("line %d: %w", line, ErrPartialLine)
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, &SyntaxError{line, fmt.Sprintf("longer than %d bytes", maxLine)}
		case err != nil && err != io.EOF:
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		s := strings.TrimSuffix(string(text), "\n")
		if line == 1 {
			if s != Header || err == io.EOF {
				return nil, &SyntaxError{line, fmt.Sprintf("the header is %.200q, want %q", s, Header)}
			}
			continue
		}
		row, err := parseRow(s)
		if err != nil {
			return nil, &SyntaxError{line, err.Error()}
		}
		rows = append(rows, row)
	}
}

// parseRow reads one line. Comparing it with what the row writes catches every
// form but ours: other decimals, signs, leading zeros, a wrong average.
func parseRow(line string) (Row, error) {
	names := strings.Split(Header, ",")
	fields := strings.Split(line, ",")
	if len(fields) != len(names) {
		return Row{}, fmt.Errorf("%d fields, want %d", len(fields), len(names))
	}
	var (
		row Row
		err error
	)
	if row.Timestamp, err = time.Parse(timestampFormat, fields[0]); err != nil {
		return Row{}, fmt.Errorf("timestamp_utc is %.40q, want RFC 3339 in UTC with milliseconds", fields[0])
	}
	for i, n := range map[int]*int{1: &row.BatchSize, 2: &row.Envelopes, 6: &row.Successes, 7: &row.Failures, 8: &row.Retries} {
		if *n, err = strconv.Atoi(fields[i]); err != nil || *n < 0 {
			return Row{}, fmt.Errorf("%s is %.40q, want a count", names[i], fields[i])
		}
	}
	if row.TotalBytes, err = strconv.ParseInt(fields[3], 10, 64); err != nil || row.TotalBytes < 0 {
		return Row{}, fmt.Errorf("total_bytes is %.40q, want a count", fields[3])
	}
	whole, micros, _ := strings.Cut(fields[5], ".")
	us, err := strconv.ParseInt(whole+micros, 10, 64)
	if err != nil || us < 0 || us > int64(time.Duration(1<<63-1)/time.Microsecond) {
		return Row{}, fmt.Errorf("latency_ms is %.40q, want milliseconds with three decimals", fields[5])
	}
	row.Latency = time.Duration(us) * time.Microsecond
	if err := row.check(); err != nil {
		return Row{}, err
	}
	for i, f := range strings.Split(row.String(), ",") {
		if f != fields[i] {
			return Row{}, fmt.Errorf("%s is %.40q, want %q", names[i], fields[i], f)
		}
	}
	return row, nil
}

// check reports whether the counts fit one another.
func (r Row) check() error {
	switch {
	case r.BatchSize < 1:
		return fmt.Errorf("batch_size is %d, want at least 1", r.BatchSize)
	case r.Envelopes != r.BatchSize:
		return fmt.Errorf("envelopes_count is %d in a batch of %d: a run submits the whole batch", r.Envelopes, r.BatchSize)
	case r.Successes > r.Envelopes || r.Failures != r.Envelopes-r.Successes:
		return fmt.Errorf("%d successes and %d failures do not make %d envelopes", r.Successes, r.Failures, r.Envelopes)
	}
	return nil
}
