package session

import (
	"strings"

	"tailrace/sql/ast"
)

// kindOf is what sort of statement it is, in a few words: the first of its command tag, but
// for queries, which are told apart by how long they run.
func kindOf(stmt ast.Statement, p *Prepared) string {
	switch stmt.(type) {
	case ast.Query:
		if p.Streaming {
			return "push"
		}
		return "select"
	case *ast.InsertValues:
		return "insert"
	case *ast.Update:
		return "update"
	case *ast.Delete:
		return "delete"
	case *ast.InsertInto:
		return "insert_into"
	case *ast.Explain:
		return "explain"
	case *ast.Acknowledge:
		return "acknowledge"
	case *ast.Backup:
		return "backup"
	case *ast.Print:
		return "print"
	case *ast.Show, *ast.ShowSetting:
		return "show"
	case *ast.Describe:
		return "describe"
	case *ast.Set, *ast.Unset, *ast.Define, *ast.Undefine:
		return "set"
	case *ast.Transaction:
		return "transaction"
	case *ast.SessionControl:
		return "session"
	}
	word, _, _ := strings.Cut(tagOf(stmt), " ")
	return strings.ToLower(word)
}
