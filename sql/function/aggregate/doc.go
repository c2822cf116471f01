// Package aggregate holds the aggregate functions of the language.
//
// An accumulator is the state of one call for all groups of a task: a column a number,
// indexed by the slot of the group, so that adding a row to a group is an indexed add and
// the garbage collector sees a handful of slices however many groups there are. States of
// variable size (lists, sets, tops) hold one Go value a group.
//
// Encoded states begin with a version byte of their own and are little more than the
// state's numbers; they are written to checkpoints and outlive versions of the program.
package aggregate
