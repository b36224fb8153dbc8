package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:generate go run ./internal/vendorweb

//go:embed static
var staticFS embed.FS

// assetsPath begins the addresses of all files; the sum of all that is built in
// follows it, so that a browser may keep a file for as long as it likes.
const assetsPath = "/assets/"

var assetsBase = assetsPath + assetsSum()

func assetsSum() string {
	sum := sha256.New()
	err := fs.WalkDir(staticFS, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := staticFS.ReadFile(name)
		sum.Write([]byte(name))
		sum.Write(data)
		return err
	})
	if err != nil {
		panic(err) // built in: a build without it does not start
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

var mediaTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".woff2": "font/woff2"}

// serveAsset answers with a file that is built in. They are the same for everyone,
// so they need no session.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, assetsBase+"/")
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	data, err := staticFS.ReadFile(path.Join("static", path.Clean("/"+name)))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	kind, ok := mediaTypes[path.Ext(name)]
	if !ok {
		kind = mime.TypeByExtension(".txt")
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(data)
}
