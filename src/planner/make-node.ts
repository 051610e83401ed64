import type {
  Alias,
  BinaryOperator,
  ColumnName,
  Derived,
  Expr,
  FunctionCall,
  Literal,
  Param,
  Query,
  Select,
  SelectExpr,
  SelectItem,
  SystemVariable,
  TableRef,
} from '../sql/ast.ts'

/** Nodes that the planner puts into a statement; they stand nowhere in its text. */
const span = { start: 0, end: 0 }

export function makeCall(name: string, ...args: Expr[]): FunctionCall {
  return { kind: 'Function', name: name.toLowerCase(), written: name, args, span }
}

export function makeAggregate(name: string, args: readonly Expr[], quantifier?: 'DISTINCT' | 'ALL'): Expr {
  return {
    kind: 'Aggregate',
    name: name.toLowerCase(),
    written: name,
    args,
    ...(quantifier === undefined ? {} : { quantifier }),
    span,
  }
}

function makeString(text: string): Literal {
  return { kind: 'Literal', type: 'String', text: `'${text}'`, span }
}

export function makeInteger(n: number): Literal {
  return { kind: 'Literal', type: 'Int', text: String(n), span }
}

export function makeDecimal(text: string): Literal {
  return { kind: 'Literal', type: 'Decimal', text, span }
}

export function makeFloat(text: string): Literal {
  return { kind: 'Literal', type: 'Float', text, span }
}

export function makeNull(): Literal {
  return { kind: 'Literal', type: 'Null', text: 'NULL', span }
}

export function makeTrue(): Literal {
  return { kind: 'Literal', type: 'True', text: 'TRUE', span }
}

export function makeColumn(name: string): ColumnName {
  return { kind: 'Column', qualifiers: [], name, span }
}

export function makeItem(expr: Expr): SelectExpr {
  return { kind: 'SelectExpr', expr, span }
}

export function makeCast(operand: Expr, type: 'SIGNED' | 'UNSIGNED' | 'CHAR' | 'BINARY'): Expr {
  return {
    kind: 'Cast',
    syntax: 'CAST',
    operand,
    type: { kind: 'CastType', name: type, text: '', span },
    span,
  }
}

/** `CONVERT(operand USING charset)`. */
export function makeConvert(operand: Expr, charset: string): Expr {
  return { kind: 'ConvertUsing', operand, charset, span }
}

/** A table by its name, in the database at hand. */
export function makeTable(name: string, qualifier?: string): TableRef {
  return { kind: 'Table', name: { kind: 'TableName', ...(qualifier && { qualifier }), name, span }, span }
}

/** `(query) AS alias`. */
export function makeDerived(query: Query, alias: string): Derived {
  return {
    kind: 'Derived',
    lateral: false,
    query: { kind: 'Subquery', query, span },
    alias: makeAlias(alias),
    span,
  }
}

export function makeAlias(name: string): Alias {
  return { kind: 'Alias', name, as: true, span }
}

export function makeSelect(
  items: readonly SelectItem[],
  clauses: Pick<Select, 'from'> & Partial<Select>,
): Select {
  return { kind: 'Select', modifiers: [], items, span, ...clauses }
}

/** `(left op right)`. */
export function makeBinary(op: BinaryOperator, left: Expr, right: Expr): Expr {
  return { kind: 'Binary', op, left, right, parens: 1, span }
}

/** `@@name`. */
export function makeSystemVariable(name: string): SystemVariable {
  return { kind: 'SystemVariable', name, span }
}

/** `(a, b)`. */
export function makeRow(items: readonly Expr[]): Expr {
  return { kind: 'Row', keyword: false, items, span }
}

/** `left IN (list)`. */
export function makeIn(left: Expr, list: Expr): Expr {
  return { kind: 'In', left, right: { kind: 'List', items: [list], span }, negated: false, span }
}

/** At least one operand. */
export function makeAnd(operands: readonly Expr[]): Expr {
  if (operands.length === 1) return operands[0]!
  return { kind: 'And', operator: 'AND', operands, span }
}

/** At least one operand. */
export function makeOr(operands: readonly Expr[]): Expr {
  if (operands.length === 1) return operands[0]!
  return { kind: 'Or', operator: 'OR', operands, span }
}

export function makeHole(index: number): Param {
  return { kind: 'Param', index, span }
}

/** `expr + 0`: a number, where MySQL orders by number what it shows as text. */
export function makeNumber(expr: Expr): Expr {
  return { kind: 'Binary', op: '+', left: parenthesised(expr), right: makeInteger(0), span }
}

/** The expression as an operand that needs no thought about precedence. */
function parenthesised(expr: Expr): Expr {
  return expr.kind === 'Column' || expr.kind === 'Function'
    ? expr
    : { ...expr, parens: Math.max(expr.parens ?? 0, 1) }
}

/** See `SortKey.pad`: the weight of a space in the expression's collation, NULL in NO PAD collations. */
export function makePadWeight(expr: Expr): Expr {
  const none = makeCall('LEFT', expr, makeInteger(0))
  const space = makeCall('CONCAT', none, makeString(' '))
  const isPadSpace: Expr = { kind: 'Comparison', op: '=', left: none, right: space, span }
  return makeCall('IF', isPadSpace, makeCall('WEIGHT_STRING', space), makeNull())
}
