package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// client sends questions from this process. It is used instead of wrk if the token
// must vary or the rate must be steady.
type client struct {
	fasthttp.HostClient
	url string
}

func newClient(address, url string, connections int) *client {
	return &client{
		HostClient: fasthttp.HostClient{Addr: address, MaxConns: connections, ReadTimeout: 20 * time.Second, MaxIdemponentCallAttempts: 1},
		url:        url,
	}
}

var allowAnswer = []byte(`{"result":true}`)

// post sends one question and reports whether the answer is an allow.
func (c *client) post(body []byte) (allowed bool, err error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(c.url)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
	req.SetBodyRaw(body)
	if err := c.Do(req, resp); err != nil {
		return false, fmt.Errorf("%s: %w", c.url, err)
	}
	return bytes.Equal(resp.Body(), allowAnswer), nil
}

// askAll asks the questions with the numbers from up to n-1, over so many connections. askAll fails if an answer is a deny.
func (p *process) askAll(ctx context.Context, connections, from, n int, question func(int) ([]byte, error)) error {
	at, err := url.Parse(p.url)
	if err != nil {
		return err
	}
	c := newClient(at.Host, p.url, connections)
	defer c.CloseIdleConnections()
	var running sync.WaitGroup
	failed := make([]error, connections)
	for lane := range connections {
		running.Go(func() {
			for i := from + lane; i < n && failed[lane] == nil && ctx.Err() == nil; i += connections {
				body, err := question(i)
				var ok bool
				if err == nil {
					ok, err = c.post(body)
				}
				if err == nil && !ok {
					err = fmt.Errorf("question %d is denied", i)
				}
				failed[lane] = err
			}
		})
	}
	running.Wait()
	return errors.Join(errors.Join(failed...), ctx.Err())
}
