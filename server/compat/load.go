package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Case is one expanded case of a file.
type Case struct {
	File, Name string // full name: File + "/" + Name
	Statements []string
	Properties map[string]string
	Topics     []Topic
	Inputs     []Record
	Outputs    []Record
	Expected   *Exception
	Sources    []ExpectedSource
	// Asked says that the case is of ksqlDB's REST interface: its last statements are queries,
	// and Answers the rows of each.
	Asked    bool
	Answers  [][][]json.RawMessage
	ExactOff bool // use.exact.numeric.comparison = false
}

// FullName is how reports and -run name a case.
func (c *Case) FullName() string { return c.File + "/" + c.Name }

// Topic is a topic that exists before the statements run.
type Topic struct {
	Name        string          `json:"name"`
	Partitions  int32           `json:"partitions"`
	Replicas    int16           `json:"replicas"`
	KeyFormat   string          `json:"keyFormat"`
	ValueFormat string          `json:"valueFormat"`
	ValueSchema json.RawMessage `json:"valueSchema"`
	KeySchema   json.RawMessage `json:"keySchema"`
}

// Record is a record that is fed, or expected. Key and Value keep the text of the file,
// because trailing zeros count.
type Record struct {
	Topic     string          `json:"topic"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Timestamp *int64          `json:"timestamp"`
	Window    *RecordWindow   `json:"window"`
	Headers   []RecordHeader  `json:"headers"`
}

// RecordWindow is the window of a windowed key.
type RecordWindow struct {
	Start int64  `json:"start"`
	End   int64  `json:"end"`
	Type  string `json:"type"` // time or session
}

// RecordHeader is a header; its value is base64.
type RecordHeader struct {
	Key   string  `json:"KEY"`
	Value *[]byte `json:"VALUE"`
}

// Exception is the error that the last statement must end in.
type Exception struct {
	Type    string `json:"type"`
	Message any    `json:"message"`
}

// ExpectedSource is a stream or table as the catalog must know it after the statements.
type ExpectedSource struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Schema      string          `json:"schema"`
	KeyFormat   *ExpectedFormat `json:"keyFormat"`
	ValueFormat json.RawMessage `json:"valueFormat"`
	IsSource    *bool           `json:"isSource"`
}

// ExpectedFormat is the key format of an ExpectedSource.
type ExpectedFormat struct {
	Format     string `json:"format"`
	WindowType string `json:"windowType"`
	WindowSize int64  `json:"windowSize"`
}

// rawCase is a case as the file has it, before it is expanded.
type rawCase struct {
	Name              string                     `json:"name"`
	Enabled           *bool                      `json:"enabled"`
	Format            []string                   `json:"format"`
	Config            []string                   `json:"config"`
	Statements        []string                   `json:"statements"`
	Properties        map[string]json.RawMessage `json:"properties"`
	Topics            []Topic                    `json:"topics"`
	Inputs            []Record                   `json:"inputs"`
	Outputs           []Record                   `json:"outputs"`
	ExpectedException *Exception                 `json:"expectedException"`
	ExpectedError     *Exception                 `json:"expectedError"`
	Responses         []response                 `json:"responses"`
	Post              struct {
		Sources []ExpectedSource `json:"sources"`
	} `json:"post"`
}

// response answers one statement of a case of the REST interface; only those to queries
// have rows.
type response struct {
	Query []struct {
		Row *struct {
			Columns []json.RawMessage `json:"columns"`
		} `json:"row"`
	} `json:"query"`
}

// Load reads all cases below a folder's query-validation-tests, in order of file and
// place, expanded by format and configuration.
func Load(dir string) ([]Case, error) { return loadFrom(dir, "query-validation-tests", false) }

// LoadAsked reads the cases of a folder's rest-query-validation-tests, whose queries are
// answered.
func LoadAsked(dir string) ([]Case, error) { return loadFrom(dir, "rest-query-validation-tests", true) }

func loadFrom(dir, sub string, asked bool) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, sub, "*.json"))
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	var out []Case
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var file struct{ Tests []rawCase }
		if err := json.Unmarshal(stripComments(text), &file); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		for _, raw := range file.Tests {
			if raw.Enabled == nil || *raw.Enabled {
				out = append(out, raw.expand(name)...)
			}
		}
	}
	for i := range out {
		out[i].Asked = asked
	}
	return out, nil
}

// expand repeats a case for each of its formats and configurations.
func (r rawCase) expand(file string) []Case {
	formats, configs := r.Format, r.Config
	if len(formats) == 0 {
		formats = []string{""}
	}
	if len(configs) == 0 {
		configs = []string{""}
	}
	var out []Case
	for _, format := range formats {
		for _, config := range configs {
			out = append(out, r.expandOne(file, format, config))
		}
	}
	return out
}

func (r rawCase) expandOne(file, format, config string) Case {
	c := Case{File: file, Name: r.Name, Topics: r.Topics, Inputs: r.Inputs, Outputs: r.Outputs,
		Expected: r.ExpectedException, Sources: r.Post.Sources, Properties: map[string]string{}}
	if r.ExpectedError != nil {
		c.Expected = r.ExpectedError
	}
	for _, answered := range r.Responses {
		if answered.Query == nil {
			continue
		}
		rows := [][]json.RawMessage{}
		for _, line := range answered.Query {
			if line.Row != nil {
				rows = append(rows, line.Row.Columns)
			}
		}
		c.Answers = append(c.Answers, rows)
	}
	if format != "" {
		c.Name += " - " + format
	}
	for key, raw := range r.Properties {
		value := strings.Trim(string(raw), `"`)
		if value == "{CONFIG}" {
			value = config
			c.Name += " - " + key + "=" + config
		}
		c.Properties[key] = value
	}
	if c.Properties["use.exact.numeric.comparison"] == "false" {
		c.ExactOff = true
	}
	delete(c.Properties, "use.exact.numeric.comparison")
	for _, s := range r.Statements {
		c.Statements = append(c.Statements, strings.ReplaceAll(s, "{FORMAT}", format))
	}
	return c
}

// stripComments blanks // and /* */ comments outside of strings.
func stripComments(text []byte) []byte {
	out := bytes.Clone(text)
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '"':
			for i++; i < len(out) && out[i] != '"'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
		case bytes.HasPrefix(out[i:], []byte("//")):
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case bytes.HasPrefix(out[i:], []byte("/*")):
			end := bytes.Index(out[i:], []byte("*/"))
			if end < 0 {
				end = len(out) - i - 2
			}
			for stop := i + end + 2; i < stop; i++ {
				out[i] = ' '
			}
			i--
		}
	}
	return out
}
