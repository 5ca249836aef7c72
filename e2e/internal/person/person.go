// Package person drives a browser for a test: Debian's chromium without a window. An error in the browser's
// console fails the test.
package person

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Person is a user with a browser, which has no cookies at first.
type Person struct {
	tb  testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// New starts a browser that ends with the test.
func New(tb testing.TB) *Person {
	tb.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		tb.Fatal("install Debian's chromium: these tests need a browser")
	}
	p := &Person{tb: tb}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WindowSize(1200, 900))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	tb.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 10*time.Minute) // for a browser that hangs
	tb.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	tb.Cleanup(cancel)
	p.ctx = ctx
	chromedp.ListenTarget(ctx, p.heard)
	tb.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.problems {
			tb.Error(problem)
		}
	})
	// The first Run starts the browser, which lives as long as this context.
	if err := chromedp.Run(ctx, log.Enable()); err != nil {
		tb.Fatal(err)
	}
	return p
}

func (p *Person) heard(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		problem = "an exception in the page: " + e.ExceptionDetails.Error()
	case *log.EventEntryAdded:
		// Network errors do not count, because a page may have no favicon.
		if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
			problem = "the browser's console: " + e.Entry.Text
		}
	}
	if problem != "" {
		p.mu.Lock()
		p.problems = append(p.problems, problem)
		p.mu.Unlock()
	}
}

// Visit opens an address and runs the actions there.
func (p *Person) Visit(address string, actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Minute) // for an action that waits for a missing element
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Navigate(address), steady(actions)); err != nil {
		return fmt.Errorf("%w\n%s", err, p.shown())
	}
	return nil
}

// shown returns the address of the page, cut before its query, and the page's text.
func (p *Person) shown() string {
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	var text, at string
	_ = chromedp.Run(ctx, chromedp.Location(&at), chromedp.Evaluate("document.body?.innerText || ''", &text))
	at, _, _ = strings.Cut(at, "?")
	return at + "\n" + text
}

// steady runs the actions. An action finds an element first and then does something with it. If the page is replaced in
// between, as by a provider that redirects, the element is gone: nothing was done, and the action begins again.
func steady(actions []chromedp.Action) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for _, action := range actions {
			err := action.Do(ctx)
			for ; isGone(err) && ctx.Err() == nil; err = action.Do(ctx) {
				time.Sleep(50 * time.Millisecond)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// isGone reports whether the browser no longer knows the element that an action has found.
func isGone(err error) bool {
	var e *cdproto.Error
	return errors.As(err, &e) && (strings.HasPrefix(e.Message, "Could not find node with given id") || strings.HasPrefix(e.Message, "No node with given id"))
}

// Repeat runs the actions. If they do not end within half a minute, Repeat loads the page again and repeats them, as a
// person does with a page that hangs: on a busy machine, some providers' pages do not get past "Loading".
func Repeat(actions ...chromedp.Action) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			try, cancel := context.WithTimeout(ctx, 30*time.Second)
			err := steady(actions).Do(try)
			hangs := err != nil && try.Err() != nil && ctx.Err() == nil
			cancel()
			if !hangs {
				return err
			}
			if err := chromedp.Reload().Do(ctx); err != nil {
				return err
			}
		}
	})
}

// Reads waits until the page shows the text. The page may change meanwhile.
func Reads(text string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		question := fmt.Sprintf("(document.body?.innerText || '').includes(%q)", text)
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			var found bool
			if err := chromedp.Evaluate(question, &found).Do(ctx); err == nil && found {
				return nil
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return fmt.Errorf("the page does not say %q", text)
	})
}
