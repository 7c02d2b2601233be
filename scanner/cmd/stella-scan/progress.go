package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// progress tells a person at a terminal what takes so long: one line, written over
// by the next and gone at the end. Elsewhere it is silent. Goroutines may share it.
type progress struct {
	w        io.Writer
	terminal bool

	mu    sync.Mutex
	ended bool
	width int // of the line that stands there
}

func newProgress(w io.Writer) *progress {
	file, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

func (p *progress) stage(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.terminal || p.ended {
		return
	}
	line := []rune(what + " …")
	if over := len(line) - 78; over > 0 {
		line = append([]rune("…"), line[over+1:]...)
	}
	p.clear()
	fmt.Fprint(p.w, string(line))
	p.width = len(line)
}

// say prints a line that stays.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if !p.ended {
		fmt.Fprintf(p.w, "stella-scan: "+format+"\n", args...)
	}
}

// end removes the line; later calls do nothing.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.ended = true
}

func (p *progress) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r"+strings.Repeat(" ", p.width)+"\r")
		p.width = 0
	}
}
