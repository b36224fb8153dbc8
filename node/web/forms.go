package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tend/crdt/circle"
	"tend/node/qr"
)

// readForm reads an ordinary form, in bounds and as text.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	arriveWithin(w, formTime)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, badForm(err)
	}
	for _, values := range r.PostForm {
		if slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return nil, &notice{status: http.StatusUnprocessableEntity, key: "form.unreadable"}
		}
	}
	return r.PostForm, nil
}

func badForm(err error) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return &notice{status: http.StatusRequestEntityTooLarge, key: "form.too_large"}
	}
	return &notice{status: http.StatusUnprocessableEntity, key: "form.unreadable"}
}

// arriveWithin bounds how long a body may take to arrive. The server lifts the
// deadline once the body is read; a test's recorder has none.
func arriveWithin(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(d))
}

// readWords reads a form that holds a code as pasted words, or as a photo of it.
// The photo is looked at as it comes and kept nowhere; fields come before it.
func readWords(w http.ResponseWriter, r *http.Request) (words string, fields map[string]string, err error) {
	fields = map[string]string{}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		form, err := readForm(w, r)
		if err != nil {
			return "", nil, err
		}
		for key := range form {
			fields[key] = r.PostForm.Get(key)
		}
		return strings.TrimSpace(fields["words"]), fields, nil
	}
	arriveWithin(w, photoTime)
	r.Body = http.MaxBytesReader(w, r.Body, maxPhoto)
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, badForm(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return words, fields, nil
		}
		if err != nil {
			return "", nil, badForm(err)
		}
		if part.FormName() == "photo" {
			text, err := lookAt(r.Context(), part)
			if err != nil {
				return "", fields, err
			}
			words = text
			continue
		}
		var value bytes.Buffer
		if n, err := io.Copy(&value, io.LimitReader(part, qr.MaxText+1)); err != nil || n > qr.MaxText || !utf8.Valid(value.Bytes()) {
			return "", nil, &notice{status: http.StatusUnprocessableEntity, key: "form.unreadable"}
		}
		fields[part.FormName()] = value.String()
		if part.FormName() == "words" && words == "" {
			words = strings.TrimSpace(value.String())
		}
	}
}

// lookAt finds a code in a picture from anywhere, within the bounds of package qr
// and of time.
func lookAt(ctx context.Context, picture io.Reader) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	text, err := qr.Read(ctx, picture)
	for _, row := range []struct {
		is  error
		key string
	}{{qr.ErrNotPicture, "photo.none"}, {qr.ErrTooBig, "photo.too_big"}, {qr.ErrNoCode, "photo.no_code"}, {qr.ErrOtherCode, "photo.other_code"},
		{context.DeadlineExceeded, "photo.no_code"}} {
		if errors.Is(err, row.is) {
			return "", &notice{status: http.StatusUnprocessableEntity, key: row.key}
		}
	}
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return "", &notice{status: http.StatusRequestEntityTooLarge, key: "photo.too_big"}
	}
	return text, err
}

// argsOf takes those fields of a form that a verb knows, and of those only what was
// filled in.
func argsOf(form map[string][]string, known ...string) circle.Args {
	args := circle.Args{}
	for _, name := range known {
		for _, v := range form[name] {
			if strings.TrimSpace(v) != "" {
				args[name] = append(args[name], v)
			}
		}
	}
	return args
}
