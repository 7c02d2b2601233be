package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

func (c command) migrate(ctx context.Context, args []string) error {
	f := c.flags("migrate")
	words, err := c.parse(f, args)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "up" && words[0] != "down" && words[0] != "status" {
		return usageError{errors.New("migrate: want up, down or status")}
	}
	b, err := c.open(ctx, f)
	if err != nil {
		return err
	}
	defer b.close()
	do := map[string]func(context.Context) (string, error){"up": b.up, "down": b.down, "status": b.status}[words[0]]
	text, err := do(ctx)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.stdout, text)
	return err
}

func (c command) check(ctx context.Context, args []string) error {
	f := c.flags("check")
	words, err := c.parse(f, args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usageError{fmt.Errorf("check takes no %q", words[0])}
	}
	b, err := c.open(ctx, f)
	if err != nil {
		return err
	}
	defer b.close()
	differences, err := b.check(ctx)
	if err != nil {
		return err
	}
	for _, d := range differences {
		fmt.Fprintln(c.stdout, d)
	}
	if len(differences) > 0 {
		return errDrift
	}
	fmt.Fprintf(c.stdout, "%s: the schema is that of the migrations\n", b.name)
	return nil
}
