package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"tailrace/sql/catalog"
	"tailrace/sql/types"
)

func TestSnapshotsDoNotChange(t *testing.T) {
	before := catalog.Empty()
	after := before.WithSource(&catalog.Source{Name: "S"}).WithType("T", types.IntType).WithQuery(&catalog.Query{ID: "Q"})
	if _, ok := before.Source("S"); ok || len(before.Types())+len(before.Queries()) > 0 {
		t.Error("an old snapshot sees what came later")
	}
	gone := after.WithoutSource("S").WithoutType("T").WithoutQuery("Q")
	if len(gone.Sources())+len(gone.Types())+len(gone.Queries()) != 0 {
		t.Error("Without leaves something behind")
	}
	if _, ok := after.Source("S"); !ok || len(after.Types()) != 1 || len(after.Queries()) != 1 {
		t.Error("Without changed the snapshot it started from")
	}
}

func TestLookupFoldsQuotedNames(t *testing.T) {
	s := catalog.Empty().WithSource(&catalog.Source{Name: "FLIGHTS"}).WithSource(&catalog.Source{Name: "own"})
	for _, tc := range []struct {
		name   string
		quoted bool
		want   string
	}{
		{"FLIGHTS", false, "FLIGHTS"}, {"flights", true, "FLIGHTS"}, {"own", true, "own"}, {"OWN", false, ""}, {"OWN", true, ""},
	} {
		got := ""
		if src, ok := s.Lookup(tc.name, tc.quoted); ok {
			got = src.Name
		}
		if got != tc.want {
			t.Errorf("Lookup(%q, %v) = %q, want %q", tc.name, tc.quoted, got, tc.want)
		}
	}
}

func TestCheckDrop(t *testing.T) {
	s := catalog.Empty().
		WithSource(&catalog.Source{Name: "A"}).
		WithSource(&catalog.Source{Name: "B", CreatedBy: "CSAS_B_1"}).
		WithSource(&catalog.Source{Name: "C"}).
		WithQuery(&catalog.Query{ID: "CSAS_B_1", Sources: []string{"A"}, Sink: "B"}).
		WithQuery(&catalog.Query{ID: "INSERTQUERY_2", Sources: []string{"B"}, Sink: "C"})
	for name, want := range map[string]string{
		"A": "Cannot drop A.\nThe following streams and/or tables read from this source: [B].",
		"B": "The following queries read from this source: [INSERTQUERY_2].",
		"C": "The following queries write into this source: [INSERTQUERY_2].",
	} {
		if err := s.CheckDrop(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckDrop(%s)\n got %v\nwant %s", name, err, want)
		}
	}
	if err := s.WithoutQuery("INSERTQUERY_2").CheckDrop("B"); err != nil {
		t.Errorf("a source's own query keeps it from being dropped: %v", err)
	}
	if got := s.Writers("C"); !slices.Equal(got, []string{"INSERTQUERY_2"}) {
		t.Errorf("Writers(C) = %v", got)
	}
	if got := s.Nearest("AA"); got != "A" {
		t.Errorf("Nearest(AA) = %q", got)
	}
}
