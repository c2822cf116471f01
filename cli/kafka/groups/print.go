package groups

import (
	"fmt"
	"slices"
	"strconv"

	"tailrace/cli/command"
)

// tables says what is printed of groups.
type tables struct{ offsets, members, state, verbose bool }

// orDash prints what may not be known.
func orDash[T any](v *T) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(*v)
}

func print(std command.Stdio, groups []group, show tables) error {
	var offsets []offset
	var members []memberRow
	for _, g := range groups {
		if len(g.Members) == 0 {
			fmt.Fprintf(std.Err, "Consumer group '%s' has no active members.\n", command.Plain(g.Group))
		}
		offsets = append(offsets, g.Offsets...)
		for _, m := range g.Members {
			members = append(members, memberRow{m, g})
		}
	}
	printed := false
	table := func(print func() error) error {
		if printed {
			fmt.Fprintln(std.Out)
		}
		printed = true
		return print()
	}
	if show.offsets {
		if err := table(func() error { return command.Table(std.Out, offsets, offsetColumns(show.verbose)...) }); err != nil {
			return err
		}
	}
	if show.members {
		if err := table(func() error { return command.Table(std.Out, members, memberColumns(members, show.verbose)...) }); err != nil {
			return err
		}
	}
	if show.state {
		return table(func() error { return command.Table(std.Out, groups, stateColumns(show.verbose)...) })
	}
	return nil
}

func offsetColumns(verbose bool) []command.Column[offset] {
	columns := []command.Column[offset]{
		{Name: "GROUP", Cell: func(o offset) string { return o.group }},
		{Name: "TOPIC", Cell: func(o offset) string { return o.Topic }},
		{Name: "PARTITION", Cell: func(o offset) string { return strconv.Itoa(int(o.Partition)) }},
	}
	if verbose {
		columns = append(columns, command.Column[offset]{Name: "LEADER-EPOCH", Cell: func(o offset) string { return orDash(o.LeaderEpoch) }})
	}
	return append(columns,
		command.Column[offset]{Name: "CURRENT-OFFSET", Cell: func(o offset) string { return orDash(o.Current) }},
		command.Column[offset]{Name: "LOG-END-OFFSET", Cell: func(o offset) string { return orDash(o.End) }},
		command.Column[offset]{Name: "LAG", Cell: func(o offset) string { return orDash(o.Lag) }},
		command.Column[offset]{Name: "CONSUMER-ID", Cell: func(o offset) string { return orDash(o.Consumer) }},
		command.Column[offset]{Name: "HOST", Cell: func(o offset) string { return orDash(o.Host) }},
		command.Column[offset]{Name: "CLIENT-ID", Cell: func(o offset) string { return orDash(o.ClientID) }})
}

type memberRow struct {
	member
	of group
}

func memberColumns(rows []memberRow, verbose bool) []command.Column[memberRow] {
	columns := []command.Column[memberRow]{
		{Name: "GROUP", Cell: func(m memberRow) string { return m.of.Group }},
		{Name: "CONSUMER-ID", Cell: func(m memberRow) string { return m.ID }},
	}
	if slices.ContainsFunc(rows, func(m memberRow) bool { return m.InstanceID != nil }) {
		columns = append(columns, command.Column[memberRow]{Name: "GROUP-INSTANCE-ID", Cell: func(m memberRow) string { return orDash(m.InstanceID) }})
	}
	columns = append(columns,
		command.Column[memberRow]{Name: "HOST", Cell: func(m memberRow) string { return m.Host }},
		command.Column[memberRow]{Name: "CLIENT-ID", Cell: func(m memberRow) string { return m.ClientID }},
		command.Column[memberRow]{Name: "#PARTITIONS", Cell: func(m memberRow) string { return strconv.Itoa(m.partitions()) }})
	if verbose {
		columns = append(columns,
			command.Column[memberRow]{Name: "CURRENT-EPOCH", Cell: func(m memberRow) string { return orDash(m.Epoch) }},
			command.Column[memberRow]{Name: "CURRENT-ASSIGNMENT", Cell: func(m memberRow) string { return assignment(m.Assigned) }},
			command.Column[memberRow]{Name: "TARGET-EPOCH", Cell: func(m memberRow) string { return orDash(m.of.TargetEpoch) }},
			command.Column[memberRow]{Name: "TARGET-ASSIGNMENT", Cell: func(m memberRow) string { return assignment(m.Target) }})
	}
	return columns
}

func stateColumns(verbose bool) []command.Column[group] {
	columns := []command.Column[group]{
		{Name: "GROUP", Cell: func(g group) string { return g.Group }},
		{Name: "COORDINATOR (ID)", Cell: func(g group) string { return fmt.Sprintf("%s (%d)", g.Coordinator, g.BrokerID) }},
		{Name: "ASSIGNMENT-STRATEGY", Cell: func(g group) string {
			if g.Assignor == "" {
				return "-"
			}
			return g.Assignor
		}},
		{Name: "STATE", Cell: func(g group) string { return g.State }},
	}
	if verbose {
		columns = append(columns,
			command.Column[group]{Name: "GROUP-EPOCH", Cell: func(g group) string { return orDash(g.Epoch) }},
			command.Column[group]{Name: "TARGET-ASSIGNMENT-EPOCH", Cell: func(g group) string { return orDash(g.TargetEpoch) }})
	}
	return append(columns, command.Column[group]{Name: "#MEMBERS", Cell: func(g group) string { return strconv.Itoa(len(g.Members)) }})
}
