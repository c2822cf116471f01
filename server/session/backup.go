package session

import (
	"context"
	"fmt"
	"path/filepath"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// prepareBackup is BACKUP TO: a copy of the log as of one moment, made by the server on
// its own machine.
func (s *Session) prepareBackup(a *ast.Backup) *Prepared {
	return &Prepared{run: func(ctx context.Context, _ []types.Value, out Result) (string, error) {
		if s.deps.Backup == nil {
			return "", unsupported(a)
		}
		if !filepath.IsAbs(a.Folder) {
			return "", sqlerr.New(sqlerr.InvalidParameter, "the folder of a backup must be an absolute path").At(a.Pos()).
				Hint("It is made on the server's machine, whose working directory a client does not know.")
		}
		bytes, files, err := s.deps.Backup(ctx, a.Folder)
		if err != nil {
			return "", err
		}
		out.Notice(Notice{Severity: "NOTICE", Message: fmt.Sprintf("%d files, %d bytes, checked and synced", files, bytes)})
		return "BACKUP", nil
	}}
}
