package function

import "strings"

// Variant asks for another reading of a function than ksqlDB's.
type Variant struct {
	// Standard is the SQL standard's and PostgreSQL's: their results and result types.
	Standard bool
	// Numeric lets overloads with NUMERIC and JSON be chosen, which is for results that are not
	// stored.
	Numeric bool
	// orElse says that there is another reading to fall back to: it gets arguments of which
	// PostgreSQL makes NUMERIC where that is not let.
	orElse bool
	// exactly takes no casts of arguments.
	exactly bool
	// Retract asks for a function that can take rows back, for inputs that change. Some
	// pay for that with a state that grows with the number of distinct values.
	Retract bool
}

// Names of variants carry a prefix, in the catalogue and in the canonical names of plans.
const (
	standardPrefix    = "standard "
	numericPrefix     = "numeric "
	retractablePrefix = "retractable "
)

// RegisterStandardAggregate adds the standard's reading of an aggregate function that is
// registered already; it is for init.
func RegisterStandardAggregate(f Aggregate) { registerVariant(standardPrefix, f) }

// RegisterNumericAggregate adds the form of a standard aggregate function whose results are
// NUMERIC, for results that are not stored; it is for init.
func RegisterNumericAggregate(f Aggregate) { registerVariant(numericPrefix, f) }

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
	if v.Standard && v.Numeric {
		prefixes = append(prefixes, numericPrefix)
	}
	if v.Standard {
		prefixes = append(prefixes, standardPrefix)
	}
	if v.Retract {
		prefixes = append(prefixes, retractablePrefix)
	}
	for _, prefix := range prefixes {
		e, ok := variants[prefix+upper]
		if !ok {
			e, ok = variants[prefix+known(upper)]
		}
		if !ok {
			continue
		}
		chosen := v
		chosen.exactly = prefix == numericPrefix // others have what their type has
		bound, err := e.resolve(prefix+e.Name, args, chosen)
		if err == nil && (!v.Retract || bound.Signature.Undo) {
			return bound, nil
		}
	}
	return resolveAggregate(name, args, v)
}

// RegisterStandardScalar adds PostgreSQL's reading of a scalar function whose name, or alias,
// ksqlDB reads in another way; it is for init. Arguments that none of its overloads takes go
// to the function itself.
func RegisterStandardScalar(f Scalar) {
	if f.Text == "" {
		f.Text = strings.ToLower(f.Name)
	}
	standardScalars[standardPrefix+f.Name] = newScalarEntry(f)
}

// RegisterStandardTable is RegisterStandardScalar for a table function: its name may be that
// of a scalar function of ksqlDB's.
func RegisterStandardTable(f Table) {
	if f.Text == "" {
		f.Text = strings.ToLower(f.Name)
	}
	standardTables[standardPrefix+f.Name] = newTableEntry(f)
}

// names are the names under which the standard's reading of a function may stand.
func (v Variant) names(name string) []string {
	if !v.Standard {
		return nil
	}
	return []string{standardPrefix + strings.ToUpper(name), standardPrefix + known(name)}
}

// ResolveVariant is Resolve for a variant: PostgreSQL's reading where there is one that takes
// the arguments, else the function itself.
func ResolveVariant(name string, args []ArgType, v Variant) (*Bound, error) {
	var first error
	forked := v
	forked.orElse = true
	for _, key := range v.names(name) {
		if e, ok := standardScalars[key]; ok {
			bound, err := e.resolve(key, args, forked)
			if err == nil {
				return bound, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	bound, err := resolve(name, args, v)
	if err != nil && first != nil {
		return nil, first
	}
	return bound, err
}

// ResolveTableVariant is ResolveVariant for table functions.
func ResolveTableVariant(name string, args []ArgType, v Variant) (*BoundTable, error) {
	var first error
	for _, key := range v.names(name) {
		if e, ok := standardTables[key]; ok {
			bound, err := e.resolve(key, args, v)
			if err == nil {
				return bound, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	bound, err := resolveTable(name, args, v)
	if err != nil && first != nil {
		return nil, first
	}
	return bound, err
}

// KindOfVariant is KindOf for a variant: in the standard's reading some scalar functions of
// ksqlDB's, as GENERATE_SERIES, are table functions.
func KindOfVariant(name string, v Variant) Kind {
	for _, key := range v.names(name) {
		switch {
		case standardTables[key] != nil:
			return IsTable
		case standardScalars[key] != nil:
			return IsScalar
		case variants[key] != nil:
			return IsAggregate
		}
	}
	return KindOf(name)
}
