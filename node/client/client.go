package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// maxAnswer bounds one JSON answer of the node, in bytes.
const maxAnswer = 64 << 20

// base is the origin of every request; the transport decides where it goes.
const base = "http://tend"

// ErrNoNode is wrapped when nothing answers at the other end: no node runs on
// that home. The command line decides by it to open the home itself.
var ErrNoNode = errors.New("no node is running on this home")

// Client speaks to one node. It is safe for concurrent use.
type Client struct {
	http   *http.Client
	circle string
}

// New returns a client that sends its requests through rt: [Socket], [Memory],
// or a test's own.
func New(rt http.RoundTripper) *Client { return &Client{http: &http.Client{Transport: rt}} }

// Open returns a client of the node that runs on a home folder. It does not try
// whether one does; the first call then fails with an error wrapping [ErrNoNode].
func Open(home string) (*Client, error) {
	path, err := SocketPath(home)
	if err != nil {
		return nil, err
	}
	return New(Socket(path)), nil
}

// In returns a client whose calls go to one circle, by name or id. It is needed
// only where the home holds several.
func (c *Client) In(circle string) *Client {
	return &Client{http: c.http, circle: circle}
}

// SocketPath returns where a home's socket is: api.sock in it, or what api.path
// names where that path would be too long to bind.
func SocketPath(home string) (string, error) {
	named, err := os.ReadFile(filepath.Join(home, "api.path"))
	if errors.Is(err, os.ErrNotExist) {
		return filepath.Join(home, "api.sock"), nil
	}
	if err != nil {
		return "", fmt.Errorf("find the node's socket: %w", err)
	}
	return strings.TrimSpace(string(named)), nil
}

// Socket returns a transport that dials the unix socket at path for every
// connection.
func Socket(path string) http.RoundTripper {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNoNode, err)
			}
			return conn, nil
		},
		DisableCompression: true,
		MaxIdleConns:       4,
	}
}

// Close lets go of idle connections, and ends a [Memory] transport.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	if closer, ok := c.http.Transport.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// get reads one look into out.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	body, err := c.open(ctx, http.MethodGet, path, query, "", nil)
	if err != nil {
		return err
	}
	return decode(body, path, out)
}

// post sends one command and reads its answer into out.
func (c *Client) post(ctx context.Context, path string, args Args, out any) error {
	if c.circle != "" && args["circle"] == nil {
		args = args.with("circle", c.circle)
	}
	data, err := json.Marshal(args.wire())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	body, err := c.open(ctx, http.MethodPost, path, nil, "application/json", bytes.NewReader(data))
	if err != nil {
		return err
	}
	return decode(body, path, out)
}

// open sends a request and returns the answer, whose body the caller closes. An
// answer that is a problem comes back as an [*Error].
func (c *Client) open(ctx context.Context, method, path string, query url.Values, kind string, body io.Reader) (*http.Response, error) {
	if c.circle != "" && method == http.MethodGet || kind != "" && kind != "application/json" && c.circle != "" {
		if query == nil {
			query = url.Values{}
		}
		if !query.Has("circle") {
			query.Set("circle", c.circle)
		}
	}
	target := base + "/v1/" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("ask the node for %s: %w", path, err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the node for %s: %w", path, err)
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close()
		return nil, problemOf(res)
	}
	return res, nil
}

func decode(res *http.Response, path string, out any) error {
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("read the node's answer to %s: %w", path, err)
	}
	return nil
}
