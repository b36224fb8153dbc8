package tendsys

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// comingAtOnce is how many join at the same time: a home serves no more.
const comingAtOnce = 4

// ComeAndGo lets so many homes join by one invitation, a few at a time. Each is switched
// off, and its folder deleted, once it is in.
func ComeAndGo(ctx context.Context, dir, invitation string, n int) error {
	var wg sync.WaitGroup
	errs := make(chan error, n)
	room := make(chan struct{}, comingAtOnce)
	for i := range n {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			errs <- comeAndGo(ctx, filepath.Join(dir, fmt.Sprint(i)), invitation)
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func comeAndGo(ctx context.Context, dir, invitation string) error {
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	r, err := System{}.Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	changed := r.Changed(ctx)
	if err := r.Meet(ctx, invitation); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	for {
		if held, err := r.Holds(); err != nil || held > 0 {
			return err
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("join: %w", ctx.Err())
		}
	}
}
