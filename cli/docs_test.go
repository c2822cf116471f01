package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
)

// TestDocs runs the commands of the pages for users: each block of "```console" in them, on a
// server of the page's own.
func TestDocs(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../docs/*.md", "../docs/operations/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "```console\n") {
				pages = append(pages, file)
			}
		}
	}
	if len(pages) == 0 {
		t.Fatal("no page has commands")
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			s := newSession(t)
			checkTranscript(t, page, s.sh)
		})
	}
}

// TestEveryCommandIsOnThePage: docs/command-line.md has a section for each command that does
// something.
func TestEveryCommandIsOnThePage(t *testing.T) {
	const file = "../docs/command-line.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	everyCommand(root(command.OS()), func(c *cobra.Command) {
		if !c.HasSubCommands() && !strings.Contains(string(page), "\n### "+c.CommandPath()+"\n") {
			t.Errorf("%s has no section %q", file, c.CommandPath())
		}
	})
}
