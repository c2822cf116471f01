package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
)

// endpoint declares one method of one path: everything that a request may carry. Routing, checks
// and the description (openapi.go) come from it.
type endpoint struct {
	method, path string // of http.ServeMux
	summary      string
	params       []param
	// body is a value of the type of the request's body; nil: there is none.
	body any
	// answer is a value of the answer's type; for streams of one line.
	answer any
	stream bool
	// changes: refused by a console that is read only.
	changes bool
	handle  func(*Console, *request) (any, error)
}

// maxBody bounds what a request may carry: a batch of messages of the usual limit, as text.
const maxBody = 4 << 20

// routes makes the mux of all endpoints.
func (k *Console) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for i := range endpoints {
		e := &endpoints[i]
		mux.HandleFunc(e.method+" "+e.path, func(w http.ResponseWriter, r *http.Request) { k.serve(e, w, r) })
	}
	mux.HandleFunc("GET /api/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, openAPI(k.c.Info.Version))
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		var methods []string
		for _, m := range []string{"GET", "POST", "PATCH", "DELETE"} {
			probe := r.Clone(r.Context())
			probe.Method = m
			if _, pattern := mux.Handler(probe); pattern != "/api/" {
				methods = append(methods, m)
			}
		}
		e := notFound("nothing at " + r.URL.Path + ": /api/openapi.json lists what there is")
		if len(methods) > 0 {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			e = fault(http.StatusMethodNotAllowed, "method", r.Method+" is not a method of "+r.URL.Path+", but "+strings.Join(methods, ", "))
		}
		writeJSON(w, e.status, e)
	})
	return mux
}

// serve checks a request against its declaration, and answers it.
func (k *Console) serve(e *endpoint, w http.ResponseWriter, r *http.Request) {
	req := &request{Request: r, k: k, w: w}
	out, err := k.answer(e, req)
	switch {
	case err == nil && (out == nil || e.stream):
	case err == nil:
		writeJSON(w, http.StatusOK, out)
	case req.streaming: // the status is out already
		_ = req.line(map[string]any{"type": "error", "error": asAPIError(err)})
	case errors.Is(err, r.Context().Err()) && r.Context().Err() != nil:
		// nobody to tell
	default:
		e := asAPIError(err)
		if e.status >= 500 {
			k.c.Logger.Error("console", "path", r.URL.Path, "err", err)
		}
		writeJSON(w, e.status, e)
	}
}

func (k *Console) answer(e *endpoint, req *request) (any, error) {
	if e.method != http.MethodGet && !k.authorized(req.Request) {
		return nil, fault(http.StatusForbidden, "token", "the header "+tokenHeader+" must carry the token of GET /api/session")
	}
	if e.changes && k.c.ReadOnly {
		return nil, errReadOnly
	}
	if err := req.parse(e.params); err != nil {
		return nil, err
	}
	if e.body != nil {
		body := reflect.New(reflect.TypeOf(e.body))
		if err := req.readBody(body.Interface()); err != nil {
			return nil, err
		}
		req.body = body.Interface()
	}
	return e.handle(k, req)
}

var errReadOnly = fault(http.StatusForbidden, "read_only", "the console is read only: the setting console.read.only says so")

// readBody reads the JSON of a body. The type of its content is asked for because browsers send
// JSON for a page of another origin only after they have asked.
func (r *request) readBody(into any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return fault(http.StatusUnsupportedMediaType, "body", "the body must be application/json")
	}
	text, err := io.ReadAll(http.MaxBytesReader(r.w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault(http.StatusRequestEntityTooLarge, "body", "the body is larger than 4 MiB")
	}
	if err != nil {
		return badBody("the body cannot be read: " + err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return badBody("the body is not what is asked for: " + strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); err != io.EOF {
		return badBody("the body holds more than one JSON value")
	}
	return nil
}

// endpoints is the whole API.
var endpoints []endpoint

func init() {
	endpoints = append(endpoints, sessionEndpoints...)
	endpoints = append(endpoints, overviewEndpoints...)
	endpoints = append(endpoints, topicEndpoints...)
	endpoints = append(endpoints, topicChanges...)
	endpoints = append(endpoints, messageEndpoints...)
	endpoints = append(endpoints, groupEndpoints...)
}

// sessionInfo is what a page has to know before it asks for anything else.
type sessionInfo struct {
	Token     string `json:"token" doc:"For the header X-Tailrace-Token of every request that is not a GET. A new one at each start of the server."`
	Version   string `json:"version"`
	ClusterID string `json:"cluster_id"`
	ServiceID string `json:"service_id"`
	NodeID    int32  `json:"node_id"`
	Started   int64  `json:"started" doc:"When the server began to serve, in ms since 1970."`
	Now       int64  `json:"now" doc:"The server's clock, in ms since 1970."`
	ReadOnly  bool   `json:"read_only"`
}

var sessionEndpoints = []endpoint{{
	method: "GET", path: "/api/session", summary: "Who serves, and the token of this start", answer: sessionInfo{},
	handle: func(k *Console, _ *request) (any, error) {
		return sessionInfo{Token: k.token, Version: k.c.Info.Version, ClusterID: k.c.Info.KafkaClusterID, ServiceID: k.c.ServiceID,
			NodeID: k.c.Log.NodeID(), Started: k.started.UnixMilli(), Now: k.c.Clock.Now().UnixMilli(), ReadOnly: k.c.ReadOnly}, nil
	},
}}
