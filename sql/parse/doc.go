// Package parse turns SQL text into sql/ast trees.
//
//	text ─ lexer ─ tokens ─┬─ statement parser (recursive descent) ──────────────┬─ ast
//	                       └─ front ─ MySQL text ─ TiDB parser ─ tree ─ walker ──┘
//
// Everything that is Tailrace's alone (CREATE STREAM, WITH properties, SHOW, types,
// WINDOW, WITHIN, EMIT, ...) is read by the statement parser. Query bodies,
// expressions and their literals are parsed by the TiDB parser, whose dialect is
// MySQL's. The front rewrites them on the way in; the walker undoes that on the way
// out and is an allow-list: a node it does not know is refused, never guessed at.
//
// What crosses to TiDB and back:
//
//	identifiers      `17`: the number of the token, so that the name, its quotes and
//	                 its position never depend on MySQL's words or rules of case
//	a query block    SELECT /*+ QB_NAME(q2) */: the number of the block, under which
//	                 WINDOW, EMIT, LIMIT and OFFSET are kept
//	joins            ON `join`(3) AND (...): type, WITHIN and GRACE are kept under 3
//	PARTITION BY     HAVING `partition`(a, b)
//	x->f, x[i]       `field`(x, 17), `item`(x, i)
//	CAST, ::         `cast`(x, 4): the type is kept under 4
//	ARRAY MAP STRUCT `array`(...), `map`(k, v, ...), `struct`(17, v, ...)
//	x => e           `lambda`(2, e)
//	a || b, a ~ b .. a | b, which binds as || does; the operator's token says which it is
//	x[a:b], COLLATE  `slice`(x, a, b), `collate`(x, 17), `attimezone`(x, zone)
//	INTERVAL '1' DAY `interval`(3), kept under 3; E'..' and $$..$$ are written anew
//	EXTRACT(f FROM x) and its like are plain calls: words become commas
//	IS DISTINCT FROM a <=> `distinct`(b)
//	f(*), DISTINCT   `17`(`star`()), `17`(`unique`(a))
//	f(x ORDER BY y)  `17`(x, `order`(`desc`(y)))
//	OVER, WITHIN ..  `over`(call, 3, `part`(a), `order`(b), `start`(1)): the frame is kept
//	                 under 3; `within`(call, `order`(x)), `filter`(call, condition)
//	WINDOW w AS ..   HAVING `windows`(`window`(17, 3, ...))
//	DISTINCT ON      DISTINCT `distincton`(a, b), in front of the select list
//	ROLLUP, CUBE ..  `rollup`(`set`(a, b), `set`(c)), `cube`(...), `sets`(...)
//	FROM f(x) AS t   (SELECT `from`(`17`(x))) AS `18`: WITH ORDINALITY, LATERAL and the
//	                 names of columns are kept under 18, the alias' token
//	ARRAY(query)     `arrayquery`((query))
//	$2               ?, found again by its place in the text
//
// Positions map back through the list of emitted pieces, each of which knows the
// token it came from. Parsers are pooled; all functions of this package may be
// called from any goroutine.
package parse
