package function

import "strings"

// Variant asks for another reading of an aggregate function than ksqlDB's.
type Variant struct {
	// Standard is the SQL standard's: NULL over no values, and PostgreSQL's result types.
	Standard bool
	// Retract asks for a function that can take rows back, for inputs that change. Some
	// pay for that with a state that grows with the number of distinct values.
	Retract bool
}

// Names of variants carry a prefix, in the catalogue and in BoundAggregate.Canonical.
const (
	standardPrefix    = "standard "
	retractablePrefix = "retractable "
)

// RegisterStandardAggregate adds the standard's reading of an aggregate function that is
// registered already; it is for init.
func RegisterStandardAggregate(f Aggregate) { registerVariant(standardPrefix, f) }

// RegisterRetractableAggregate adds a form with undo of an aggregate function that has
// none; it is for init.
func RegisterRetractableAggregate(f Aggregate) { registerVariant(retractablePrefix, f) }

func registerVariant(prefix string, f Aggregate) {
	if f.Text == "" {
		f.Text = f.Name
	}
	variants[prefix+f.Name] = newAggregateEntry(f)
}

// ResolveAggregateVariant is ResolveAggregate for a variant. Where there is none for such
// arguments, or it cannot retract and should, it falls back to the function itself: callers that need
// retraction look at Signature.Undo in any case.
func ResolveAggregateVariant(name string, args []ArgType, v Variant) (*BoundAggregate, error) {
	upper := strings.ToUpper(name)
	var prefixes []string
	if v.Standard {
		prefixes = append(prefixes, standardPrefix)
	}
	if v.Retract {
		prefixes = append(prefixes, retractablePrefix)
	}
	for _, prefix := range prefixes {
		e, ok := variants[prefix+upper]
		if !ok {
			continue
		}
		bound, err := e.resolve(prefix+upper, args)
		if err == nil && (!v.Retract || bound.Signature.Undo) {
			return bound, nil
		}
	}
	return ResolveAggregate(name, args)
}
