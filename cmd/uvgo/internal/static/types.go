package static

import (
	"mime"
	"path"
	"strings"
)

// A kind is what a file's name says of its content.
type kind struct {
	header       []string // the value of Content-Type, nil if the name does not tell
	compressible bool     // it may have a compressed file beside it
}

// types are the content types by extension. They come before the system's, which differ between machines and lack the
// newer ones. Texts are taken for UTF-8.
var types = func() map[string]kind {
	of := make(map[string]kind)
	for text, exts := range map[string]string{
		"text/html":                     "html htm",
		"text/css":                      "css",
		"text/javascript":               "js mjs cjs",
		"text/plain":                    "txt text log",
		"text/markdown":                 "md markdown",
		"text/csv":                      "csv",
		"text/calendar":                 "ics",
		"text/vtt":                      "vtt",
		"text/xml":                      "xml xsd",
		"application/json":              "json map",
		"application/ld+json":           "jsonld",
		"application/manifest+json":     "webmanifest",
		"application/geo+json":          "geojson",
		"application/wasm":              "wasm",
		"application/atom+xml":          "atom",
		"application/rss+xml":           "rss",
		"application/xhtml+xml":         "xhtml",
		"application/xslt+xml":          "xsl xslt",
		"application/yaml":              "yaml yml",
		"application/toml":              "toml",
		"application/pdf":               "pdf",
		"application/zip":               "zip",
		"application/gzip":              "gz tgz",
		"application/zstd":              "zst",
		"application/x-tar":             "tar",
		"application/x-7z-compressed":   "7z",
		"application/epub+zip":          "epub",
		"application/vnd.ms-fontobject": "eot",
		"application/octet-stream":      "bin br",
		"application/x-ndjson":          "ndjson jsonl",
		"image/svg+xml":                 "svg",
		"image/png":                     "png",
		"image/apng":                    "apng",
		"image/jpeg":                    "jpg jpeg",
		"image/gif":                     "gif",
		"image/webp":                    "webp",
		"image/avif":                    "avif",
		"image/jxl":                     "jxl",
		"image/heic":                    "heic",
		"image/tiff":                    "tif tiff",
		"image/bmp":                     "bmp",
		"image/x-icon":                  "ico",
		"font/woff":                     "woff",
		"font/woff2":                    "woff2",
		"font/ttf":                      "ttf",
		"font/otf":                      "otf",
		"audio/mpeg":                    "mp3",
		"audio/mp4":                     "m4a",
		"audio/aac":                     "aac",
		"audio/flac":                    "flac",
		"audio/ogg":                     "oga ogg opus",
		"audio/wav":                     "wav",
		"video/mp4":                     "mp4 m4v",
		"video/webm":                    "webm",
		"video/ogg":                     "ogv",
		"video/quicktime":               "mov",
		"application/vnd.apple.mpegurl": "m3u8",
		"video/mp2t":                    "ts",
		"model/gltf+json":               "gltf",
		"model/gltf-binary":             "glb",
	} {
		for ext := range strings.FieldsSeq(exts) {
			of["."+ext] = newKind(text)
		}
	}
	return of
}()

// newKind returns the kind of a content type.
func newKind(text string) kind {
	base, params, _ := strings.Cut(text, ";")
	if strings.HasPrefix(base, "text/") && !strings.Contains(params, "charset") {
		text += "; charset=utf-8"
	}
	k := kind{header: []string{text}, compressible: strings.HasPrefix(base, "text/") ||
		strings.HasSuffix(base, "+json") || strings.HasSuffix(base, "+xml")}
	switch base {
	case "application/json", "application/wasm", "application/yaml", "application/toml", "application/x-ndjson", "application/x-tar",
		"application/pdf", "application/vnd.ms-fontobject", "application/vnd.apple.mpegurl", "application/javascript", "application/xml",
		"image/bmp", "image/x-icon", "font/ttf", "font/otf", "model/gltf-binary":
		k.compressible = true
	}
	return k
}

// typeOf returns the kind of a file, by its name.
func typeOf(name string) kind {
	ext := path.Ext(name)
	if k, ok := types[ext]; ok {
		return k
	}
	ext = strings.ToLower(ext)
	if k, ok := types[ext]; ok {
		return k
	}
	if text := mime.TypeByExtension(ext); text != "" {
		return newKind(text)
	}
	return kind{}
}
