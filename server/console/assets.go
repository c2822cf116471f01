package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed web
var assets embed.FS

// pageTemplate is the one page; its token, and the nonce of its styles, differ by request.
var pageTemplate = template.Must(template.ParseFS(assets, "web/index.html"))

// version changes with the content of the assets, so that browsers keep them no longer.
var assetVersion = func() string {
	h := sha256.New()
	_ = fs.WalkDir(assets, "web", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, _ := assets.ReadFile(name) // embedded files can be read
			h.Write(text)
		}
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:8])
}()

func init() {
	// Machines differ in what they know.
	_ = mime.AddExtensionType(".js", "text/javascript")
	_ = mime.AddExtensionType(".svg", "image/svg+xml")
	_ = mime.AddExtensionType(".css", "text/css")
}

// secure sets what keeps a page to itself: it loads nothing from elsewhere, runs no script but its
// files, and stands in nobody's frame.
func secure(h http.Header, nonce string) {
	style := "'self'"
	if nonce != "" {
		style += " 'nonce-" + nonce + "'" // the editor makes a style sheet of its own
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src "+style+
		"; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func (k *Console) servePage(w http.ResponseWriter, _ *http.Request) {
	var random [12]byte
	k.c.Rand.Read(random[:])
	nonce := hex.EncodeToString(random[:])
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, map[string]string{"Token": k.token, "Nonce": nonce, "Version": assetVersion})
	if err != nil {
		http.Error(w, "the page cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	secure(w.Header(), nonce)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(out.Bytes()) // the client went away: nobody to tell
}

// serveAsset answers GET /console/VERSION/NAME. The version is of all assets together: a file may be
// kept for ever under it, and modules find one another beside them.
func (k *Console) serveAsset(w http.ResponseWriter, r *http.Request) {
	version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/console/"), "/")
	text, err := assets.ReadFile("web/" + path.Clean(name))
	if err != nil || name == "index.html" {
		e := notFound("nothing at " + r.URL.Path)
		writeJSON(w, e.status, e)
		return
	}
	secure(w.Header(), "")
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Cache-Control", "no-cache")
	if version == assetVersion {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(text)
}
