package ddl

import (
	"encoding/json"

	"tailrace/storage/commitlog"
)

// numbers are the numbers of commands. A command's number is its offset, unless the topic was
// cut: numbers are in the ids of queries and are never given twice, so that what is appended
// behind a cut has the numbers that come next, at offsets that were there before. They are
// kept as the text beside the command log's position.
type numbers struct {
	// Cuts says, in ascending order, from which offset on commands have which numbers.
	Cuts []cut `json:",omitempty"`
	// Accepted are the numbers of commands that are not in the catalog, and that somebody has
	// said to be done without.
	Accepted []span `json:",omitempty"`
}

type cut struct{ Offset, Number commitlog.Offset }

// span is the numbers [From, To).
type span struct{ From, To commitlog.Offset }

func readNumbers(text string) (n numbers, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &n)
	}
	return n, err
}

func (n *numbers) text() string {
	if len(n.Cuts)+len(n.Accepted) == 0 {
		return ""
	}
	b, err := json.Marshal(n)
	if err != nil {
		panic(err) // integers
	}
	return string(b)
}

// of is the number of the command at an offset.
func (n *numbers) of(offset commitlog.Offset) commitlog.Offset {
	for i := len(n.Cuts) - 1; i >= 0; i-- {
		if c := n.Cuts[i]; offset >= c.Offset {
			return c.Number + offset - c.Offset
		}
	}
	return offset
}

// append says that the command at an offset, the last one, has the number.
func (n numbers) append(offset, number commitlog.Offset) numbers {
	if n.of(offset) == number {
		return n
	}
	kept := n.Cuts[:0:0]
	for _, c := range n.Cuts {
		if c.Offset < offset {
			kept = append(kept, c)
		}
	}
	n.Cuts = append(kept, cut{offset, number})
	return n
}

// lost are the numbers of commands that cuts have taken, of a log that ends at an offset.
func (n *numbers) lost(end, next commitlog.Offset) (out []span) {
	at, number := commitlog.Offset(0), commitlog.Offset(0)
	add := func(to commitlog.Offset) {
		if to > number {
			out = append(out, span{number, to})
		}
	}
	for _, c := range n.Cuts {
		if c.Offset > end {
			break
		}
		number += c.Offset - at
		add(c.Number)
		at, number = c.Offset, c.Number
	}
	number += end - at
	add(next)
	return out
}

// accepted reports whether all of a span has been accepted.
func (n *numbers) accepted(s span) bool {
	for at := s.From; at < s.To; {
		next := at
		for _, a := range n.Accepted {
			if a.From <= at && at < a.To {
				next = a.To
			}
		}
		if next == at {
			return false
		}
		at = next
	}
	return true
}
