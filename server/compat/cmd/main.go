// Command cmd runs ksqlDB's query-validation cases: make compat, make compat-wire.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"tailrace/server/compat"
)

func main() {
	dir := flag.String("cases", "../shared/ksql-cases", "folder with query-validation-tests")
	run := flag.String("run", "", "only cases whose file/name contains this")
	wire := flag.Bool("wire", false, "through the ports of a running server")
	rest := flag.Bool("rest", false, "the cases of the REST interface, in process: queries and their rows")
	out := flag.String("report", "", "write the report as JSON to this file")
	verbose := flag.Bool("v", false, "print why each failed case failed")
	flag.Parse()
	if _, err := os.Stat(*dir); err != nil {
		fmt.Printf("skipped: there is no folder %s; name one with CASES=DIR\n", *dir)
		return
	}
	load := compat.Load
	if *rest {
		load = compat.LoadAsked
	}
	cases, err := load(*dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var chosen []compat.Case
	for _, c := range cases {
		if strings.Contains(c.FullName(), *run) {
			chosen = append(chosen, c)
		}
	}
	report := compat.Report{Mode: compat.Mode(*wire)}
	compat.Run(context.Background(), chosen, *wire, func(r compat.Result) {
		report.Add(r)
		if r.Status == compat.Failed && (*verbose || *run != "") {
			fmt.Printf("FAIL %s\n     %s\n", r.Name, strings.ReplaceAll(r.Reason, "\n", "\n     "))
		}
	})
	report.WriteTable(os.Stdout)
	if *out != "" {
		if err := writeReport(*out, &report); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func writeReport(name string, r *compat.Report) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.WriteJSON(f)
}
