package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// WritePlots draws the rows as latency, ecdf, throughput, failures and drift, each
// as .svg and .png, into dir, and returns the files' names in that order. The same
// input gives the same bytes. A file is replaced whole or not at all. It is an
// error to draw a sweep without rows, or rows and meta that do not match.
func WritePlots(dir string, rows []Row, meta Meta, d Decision) ([]string, error) {
	if err := checkInput(rows, meta); err != nil {
		return nil, fmt.Errorf("drawing the plots: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("drawing the plots: there are no rows: run the sweep first")
	}
	var names []string
	for _, f := range []struct {
		name string
		draw func([]Row, Meta, Decision) *figure
	}{
		{"latency", latencyPlot}, {"ecdf", ecdfPlot}, {"throughput", throughputPlot}, {"failures", failuresPlot}, {"drift", driftPlot},
	} {
		fig := f.draw(rows, meta, d)
		for _, ext := range []string{".svg", ".png"} {
			data, err := fig.render(ext)
			if err != nil {
				return nil, fmt.Errorf("drawing %s%s: %w", f.name, ext, err)
			}
			if err := ReplaceFile(filepath.Join(dir, f.name+ext), data); err != nil {
				return nil, fmt.Errorf("writing a plot: %w", err)
			}
			names = append(names, f.name+ext)
		}
	}
	return names, nil
}

// Sizes of a figure on paper; pixels are 150 to the inch.
const (
	figureWidth  = 9.25 * vg.Inch
	figureHeight = 5.2 * vg.Inch
	legendWidth  = 2 * vg.Inch
	figureDPI    = 150
)

// The colours are those of Okabe and Ito, "Color Universal Design" (2008), which
// people with any common colour blindness tell apart.
var (
	blue      = color.NRGBA{0x00, 0x72, 0xB2, 0xFF}
	vermilion = color.NRGBA{0xD5, 0x5E, 0x00, 0xFF}
	green     = color.NRGBA{0x00, 0x9E, 0x73, 0xFF}
	ink       = color.NRGBA{0x22, 0x22, 0x22, 0xFF}
	gray      = color.NRGBA{0x66, 0x66, 0x66, 0xFF}
	faint     = color.NRGBA{0xE4, 0xE4, 0xE4, 0xFF}
)

// viridis, without its lightest end, orders batch sizes from dark to light: the
// scale of Smith and van der Walt, even in lightness and safe for the colour-blind.
var viridis = []color.NRGBA{
	{0x44, 0x01, 0x54, 0xFF},
	{0x46, 0x32, 0x7E, 0xFF},
	{0x36, 0x5C, 0x8D, 0xFF},
	{0x27, 0x7F, 0x8E, 0xFF},
	{0x1F, 0xA1, 0x87, 0xFF},
	{0x4A, 0xC1, 0x6D, 0xFF},
	{0xA0, 0xDA, 0x39, 0xFF},
}

// shade is the colour of the i-th of n sizes.
func shade(i, n int) color.NRGBA {
	if n < 2 {
		return viridis[2]
	}
	at := float64(i) / float64(n-1) * float64(len(viridis)-1)
	j := min(int(at), len(viridis)-2)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*(at-float64(j)))) }
	a, b := viridis[j], viridis[j+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xFF}
}

func fade(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// figure is a plot with its legend to the right, where it covers no data.
type figure struct {
	*plot.Plot
	legend plot.Legend
}

func newFigure(title, x, y string, d Decision) *figure {
	f := &figure{Plot: plot.New(), legend: plot.NewLegend()}
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	style := func(s *text.Style, size vg.Length, c color.Color) {
		s.Font, s.Color = font.From(sans, size), c
	}
	f.Title.Text = title + "\n" + wrapped(d.Measured.name(), titleWidth)
	f.Title.Padding = 6
	style(&f.Title.TextStyle, 14, ink)
	for _, a := range []*plot.Axis{&f.X, &f.Y} {
		style(&a.Label.TextStyle, 12, ink)
		style(&a.Tick.Label, 10.5, ink)
		a.Label.Padding = 6
		a.Padding = 0
		a.LineStyle.Color = gray
		a.Tick.LineStyle.Color = gray
	}
	f.X.Label.Text, f.Y.Label.Text = x, y
	style(&f.legend.TextStyle, 10.5, ink)
	f.legend.Top, f.legend.Left = true, true
	f.legend.YPosition = draw.PosCenter
	f.legend.Padding = 4
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = faint, faint
	f.Add(grid)
	return f
}

// titleWidth is the number of characters that fit above a figure for certain.
const titleWidth = 70

// wrapped breaks a text between words into lines of at most width characters.
func wrapped(text string, width int) string {
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last >= 0 && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) <= width {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return strings.Join(lines, "\n")
}

// render gives the bytes of the figure as ".svg" or ".png".
func (f *figure) render(ext string) ([]byte, error) {
	var canvas interface {
		vg.CanvasSizer
		vg.CanvasWriterTo
	}
	switch ext {
	case ".svg":
		canvas = vgsvg.New(figureWidth, figureHeight)
	default:
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(figureWidth, figureHeight), vgimg.UseDPI(figureDPI))}
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	page := draw.Crop(all, 12, -12, 10, -12)
	f.Draw(draw.Crop(page, 0, -legendWidth, 0, 0))
	f.legend.Draw(draw.Crop(page, page.Max.X-page.Min.X-legendWidth+14, 0, 0, -56))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	// The font is named, not embedded: name others of the same widths.
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}

// line adds a line, and names it in the legend unless the name is empty.
func (f *figure) line(name string, points plotter.XYs, style draw.LineStyle) {
	l := &plotter.Line{XYs: points, LineStyle: style}
	f.Add(l)
	f.name(name, l)
}

func (f *figure) name(name string, thumbs ...plot.Thumbnailer) {
	if name != "" {
		f.legend.Add(name, thumbs...)
	}
}

// note adds words to the legend that name no line.
func (f *figure) note(words ...string) {
	for _, w := range words {
		f.legend.Add(w)
	}
}

func (f *figure) points(name string, points plotter.XYs, style draw.GlyphStyle) {
	s := &plotter.Scatter{XYs: points, GlyphStyle: style}
	f.Add(s)
	f.name(name, s)
}

func (f *figure) whiskers(bars plotter.YErrorBars, c color.Color) {
	bars.LineStyle = draw.LineStyle{Color: c, Width: vg.Points(1.2)}
	bars.CapWidth = vg.Points(6)
	f.Add(&bars)
}

// level draws a horizontal limit over the whole width.
func (f *figure) level(name string, y float64, c color.Color) {
	f.line(name, plotter.XYs{{X: f.X.Min, Y: y}, {X: f.X.Max, Y: y}}, dashed(c))
}

func solid(c color.Color) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: vg.Points(1.8)}
}

func dashed(c color.Color) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: vg.Points(1.4), Dashes: []vg.Length{vg.Points(6), vg.Points(4)}}
}

func disc(c color.Color) draw.GlyphStyle {
	return draw.GlyphStyle{Color: c, Radius: vg.Points(3.5), Shape: draw.CircleGlyph{}}
}

// sizesAxis makes x a logarithmic axis with the batch sizes as its ticks.
func (f *figure) sizesAxis(sizes []Size) {
	f.X.Scale = plot.LogScale{}
	f.X.Min = float64(sizes[0].BatchSize) / 1.3
	f.X.Max = float64(sizes[len(sizes)-1].BatchSize) * 1.3
	var ticks []plot.Tick
	for _, s := range sizes {
		ticks = append(ticks, plot.Tick{Value: float64(s.BatchSize), Label: fmt.Sprint(s.BatchSize)})
	}
	f.X.Tick.Marker = plot.ConstantTicks(ticks)
}

// latencyAxis makes an axis a logarithmic one of seconds that holds lo to hi and
// the budget.
func latencyAxis(a *plot.Axis, lo, hi float64, budget Millis) {
	a.Scale = plot.LogScale{}
	a.Min = lo / 1.25
	a.Max = max(hi, seconds(budget)) * 1.25
	a.Tick.Marker = logTicks(func(s float64) string {
		if s < 1 {
			return fmt.Sprintf("%g ms", math.Round(s*1e6)/1e3)
		}
		return fmt.Sprintf("%g s", s)
	})
}

// logTicks marks 1, 2 and 5 of every power of ten.
type logTicks func(value float64) string

// Ticks implements [plot.Ticker].
func (label logTicks) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, e); v >= lo && v <= hi {
				ticks = append(ticks, plot.Tick{Value: v, Label: label(v)})
			}
		}
	}
	return ticks
}

// linearTicks marks about six round values of a linear axis.
type linearTicks struct{}

// Ticks implements [plot.Ticker].
func (linearTicks) Ticks(lo, hi float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/3)))
	for _, m := range []float64{5, 2} {
		if (hi-lo)/(m*step) >= 4 {
			step *= m
			break
		}
	}
	var ticks []plot.Tick
	for v := math.Ceil(lo/step) * step; v <= hi; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.6g", v)})
	}
	return ticks
}

func seconds(m Millis) float64 { return time.Duration(m).Seconds() }

// ran leaves out the sizes without batches.
func ran(sizes []Size) []Size {
	return slices.DeleteFunc(slices.Clone(sizes), func(s Size) bool { return s.Batches == 0 })
}

func latencyRange(rows []Row) (lo, hi float64) {
	lo, hi = math.Inf(1), 0
	for _, r := range rows {
		lo, hi = min(lo, r.Latency.Seconds()), max(hi, r.Latency.Seconds())
	}
	return lo, hi
}

// latencyPlot shows p50, p95 and p99 against K with their bounds. An open circle
// has no upper bound yet.
func latencyPlot(rows []Row, meta Meta, d Decision) *figure {
	f := newFigure("Latency of a batch against its size", "batch size K (envelopes)", "latency of a batch", d)
	sizes := ran(d.Sizes)
	f.sizesAxis(sizes)
	lo, hi := latencyRange(rows)
	latencyAxis(&f.Y, lo, hi, meta.Plan.Budget)
	f.level("budget "+duration(meta.Plan.Budget), seconds(meta.Plan.Budget), ink)
	for i, q := range []struct {
		name  string
		color color.NRGBA
		of    func(Size) Quantile
	}{
		{"p99", vermilion, func(s Size) Quantile { return s.P99 }},
		{"p95", green, func(s Size) Quantile { return s.P95 }},
		{"p50", blue, func(s Size) Quantile { return s.P50 }},
	} {
		aside := math.Pow(1.06, float64(1-i)) // so that whiskers do not hide one another
		f.quantiles(q.name, q.color, sizes, aside, q.of)
	}
	f.note("bands: 95 % bounds", "open: no upper bound")
	return f
}

func (f *figure) quantiles(name string, c color.NRGBA, sizes []Size, aside float64, of func(Size) Quantile) {
	var all, open, closed plotter.XYs
	var bars plotter.YErrorBars
	var lower, upper plotter.XYs // of the band, as long as both bounds exist
	for _, s := range sizes {
		q := of(s)
		p := plotter.XY{X: float64(s.BatchSize) * aside, Y: seconds(q.Value)}
		all = append(all, p)
		var bar struct{ Low, High float64 }
		if q.Lower != nil {
			bar.Low = p.Y - seconds(*q.Lower)
		}
		if q.Upper == nil {
			open = append(open, p)
		} else {
			bar.High = seconds(*q.Upper) - p.Y
			closed = append(closed, p)
		}
		if q.Lower != nil && q.Upper != nil {
			lower = append(lower, plotter.XY{X: p.X, Y: seconds(*q.Lower)})
			upper = append(upper, plotter.XY{X: p.X, Y: seconds(*q.Upper)})
		} else {
			f.band(lower, upper, c)
			lower, upper = nil, nil
		}
		bars.XYs, bars.YErrors = append(bars.XYs, p), append(bars.YErrors, bar)
	}
	f.band(lower, upper, c)
	f.whiskers(bars, c)
	f.line(name, all, solid(c))
	f.points("", closed, disc(c))
	f.points("", open, draw.GlyphStyle{Color: color.White, Radius: vg.Points(3.5), Shape: draw.CircleGlyph{}})
	f.points("", open, draw.GlyphStyle{Color: c, Radius: vg.Points(3.5), Shape: draw.RingGlyph{}})
}

func (f *figure) band(lower, upper plotter.XYs, c color.NRGBA) {
	if len(lower) < 2 {
		return
	}
	slices.Reverse(upper)
	f.Add(&plotter.Polygon{XYs: []plotter.XYs{append(lower, upper...)}, Color: fade(c, 0x30)})
}

// ecdfPlot shows for each K which share of its batches took how long at most.
func ecdfPlot(rows []Row, meta Meta, d Decision) *figure {
	f := newFigure("Distribution of the latency of a batch", "latency of a batch", "share of batches done by then", d)
	lo, hi := latencyRange(rows)
	latencyAxis(&f.X, lo, hi, meta.Plan.Budget)
	f.Y.Min, f.Y.Max = 0, 1
	f.Y.Tick.Marker = percentTicks{0, 0.25, 0.5, 0.75, 0.95, 1}
	f.level("", 0.95, fade(gray, 0x90))
	budget := seconds(meta.Plan.Budget)
	f.line("budget "+duration(meta.Plan.Budget), plotter.XYs{{X: budget, Y: 0}, {X: budget, Y: 1}}, dashed(ink))
	sizes := ran(d.Sizes)
	for i, s := range sizes {
		ms := runsOf(rows, meta.Runs, s.BatchSize)
		var steps plotter.XYs
		for j, m := range ms {
			x := m.Latency.Seconds()
			steps = append(steps, plotter.XY{X: x, Y: float64(j) / float64(len(ms))}, plotter.XY{X: x, Y: float64(j+1) / float64(len(ms))})
		}
		f.line(fmt.Sprintf("K=%d (n=%d)", s.BatchSize, len(ms)), steps, solid(shade(i, len(sizes))))
	}
	return f
}

// percentTicks are marks of a linear axis of shares.
type percentTicks []float64

// Ticks implements [plot.Ticker].
func (p percentTicks) Ticks(_, _ float64) []plot.Tick {
	ticks := make([]plot.Tick, len(p))
	for i, v := range p {
		ticks[i] = plot.Tick{Value: v, Label: fmt.Sprintf("%g %%", v*100)}
	}
	return ticks
}

// throughputPlot shows entries/s against K, and the knee after which a larger
// batch gains little.
func throughputPlot(_ []Row, _ Meta, d Decision) *figure {
	f := newFigure("Throughput against batch size", "batch size K (envelopes)", "logged entries per second of batch time", d)
	sizes := ran(d.Sizes)
	f.sizesAxis(sizes)
	f.Y.Min, f.Y.Max = 0, 1 // entries/s, more where there are more
	f.Y.Tick.Marker = linearTicks{}
	var bars plotter.YErrorBars
	for _, s := range sizes {
		t := s.Throughput
		bars.XYs = append(bars.XYs, plotter.XY{X: float64(s.BatchSize), Y: t.Value})
		bars.YErrors = append(bars.YErrors, struct{ Low, High float64 }{t.Value - t.Lower, t.Upper - t.Value})
		f.Y.Max = max(f.Y.Max, t.Upper*1.08)
	}
	if i := knee(sizes); i >= 0 {
		k := float64(sizes[i].BatchSize)
		f.line(fmt.Sprintf("knee: K=%d", sizes[i].BatchSize), plotter.XYs{{X: k, Y: 0}, {X: k, Y: f.Y.Max}}, dashed(vermilion))
	}
	f.line("entries/s", bars.XYs, solid(blue))
	f.whiskers(bars, blue)
	f.points("", bars.XYs, disc(blue))
	f.note("whiskers: 95 % bounds")
	return f
}

// knee is the index of the size furthest above the straight line from the first
// to the last in the plane of log K and throughput, -1 where none is above it:
// Satopaa and others, "Finding a Kneedle in a Haystack" (2011), without smoothing.
// It describes the curve; no verdict rests on it.
func knee(sizes []Size) int {
	if len(sizes) < 3 {
		return -1
	}
	first, last := sizes[0], sizes[len(sizes)-1]
	width := math.Log(float64(last.BatchSize) / float64(first.BatchSize))
	best, at := 0.02*last.Throughput.Value, -1 // less than 2 % is a straight line
	for i, s := range sizes {
		x := math.Log(float64(s.BatchSize)/float64(first.BatchSize)) / width
		chord := first.Throughput.Value + x*(last.Throughput.Value-first.Throughput.Value)
		if above := s.Throughput.Value - chord; above > best {
			best, at = above, i
		}
	}
	return at
}

// failureFloor is where the axis of failure rates ends: a rate of 0 is drawn there.
const failureFloor = 1e-5

// failuresPlot shows which failure rates are not ruled out: whiskers stand even
// where nothing failed.
func failuresPlot(_ []Row, _ Meta, d Decision) *figure {
	f := newFigure("Failure rates that the data does not rule out", "batch size K (envelopes)", "failure rate", d)
	sizes := ran(d.Sizes)
	f.sizesAxis(sizes)
	f.Y.Scale = plot.LogScale{}
	f.Y.Min, f.Y.Max = failureFloor, 1.2
	f.Y.Tick.Marker = plot.ConstantTicks{
		{Value: failureFloor, Label: "0"},
		{Value: 1e-4, Label: "0.01 %"},
		{Value: 1e-3, Label: "0.1 %"},
		{Value: 1e-2, Label: "1 %"},
		{Value: 5e-2, Label: "5 %"},
		{Value: 0.2, Label: "20 %"},
		{Value: 1, Label: "100 %"},
	}
	f.level("limit of batches, 5 %", MaxBatchFailureRate, vermilion)
	f.level("limit of entries, 1 %", MaxEntryFailureRate, blue)
	f.rates("batches", vermilion, sizes, 1.04, func(s Size) (float64, float64) {
		return float64(s.FailedBatches) / float64(s.Batches), s.BatchFailureUpper
	})
	f.rates("entries", blue, sizes, 1/1.04, func(s Size) (float64, float64) {
		return float64(s.Failures) / float64(s.Entries), s.EntryFailureUpper
	})
	f.note("dot: measured rate", "whisker: 95 % bound")
	return f
}

func (f *figure) rates(name string, c color.NRGBA, sizes []Size, aside float64, of func(Size) (rate, upper float64)) {
	var bars plotter.YErrorBars
	for _, s := range sizes {
		rate, upper := of(s)
		y := max(rate, failureFloor)
		bars.XYs = append(bars.XYs, plotter.XY{X: float64(s.BatchSize) * aside, Y: y})
		bars.YErrors = append(bars.YErrors, struct{ Low, High float64 }{0, max(upper-y, 0)})
	}
	f.whiskers(bars, c)
	f.points(name, bars.XYs, disc(c))
}

// driftPlot shows every run in the order it was made: what the log or the machine
// did over time, apart from K.
func driftPlot(rows []Row, meta Meta, d Decision) *figure {
	f := newFigure("Latency in the order of the runs", "run, in order", "latency of a batch", d)
	lo, hi := latencyRange(rows)
	latencyAxis(&f.Y, lo, hi, meta.Plan.Budget)
	f.X.Min, f.X.Max = 0, float64(len(rows)+1)
	f.X.Tick.Marker = linearTicks{}
	f.level("budget "+duration(meta.Plan.Budget), seconds(meta.Plan.Budget), ink)
	confirm := slices.IndexFunc(meta.Runs, func(r Run) bool { return r.Block >= meta.Plan.Blocks })
	if confirm > 0 {
		x := float64(confirm) + 0.5
		f.line("confirming from here", plotter.XYs{{X: x, Y: f.Y.Min}, {X: x, Y: f.Y.Max}}, dashed(fade(gray, 0xA0)))
	}
	sizes := ran(d.Sizes)
	for i, s := range sizes {
		f.points(fmt.Sprintf("K=%d", s.BatchSize), inOrder(rows, func(r Row) bool { return r.BatchSize == s.BatchSize }),
			draw.GlyphStyle{Color: shade(i, len(sizes)), Radius: vg.Points(2.4), Shape: draw.CircleGlyph{}})
	}
	if failed := inOrder(rows, func(r Row) bool { return r.Failures > 0 }); len(failed) > 0 {
		f.points("with failures", failed, draw.GlyphStyle{Color: vermilion, Radius: vg.Points(5), Shape: draw.PyramidGlyph{}})
	}
	return f
}

// inOrder gives the latencies of some rows against their place in the order.
func inOrder(rows []Row, is func(Row) bool) plotter.XYs {
	var points plotter.XYs
	for i, r := range rows {
		if is(r) {
			points = append(points, plotter.XY{X: float64(i + 1), Y: r.Latency.Seconds()})
		}
	}
	return points
}
