package main

import (
	"bytes"
	"fmt"
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
