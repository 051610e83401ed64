import type { Alias, FrameBound, LimitClause, OrderItem, TableName, WindowSpec } from '../ast.ts'
import { printBareKeyword, quoteIdentifier } from './output.ts'
import { printExpr, printNames } from './print-expr.ts'
import type { Printer } from './printer.ts'

/** Clauses that several statements share. */

export function printTableName(out: Printer, table: TableName): void {
  const names = table.qualifier === undefined ? [table.name] : [table.qualifier, table.name]
  printNames(out, names, table.bareKeyword)
}

export function printNameList(out: Printer, names: readonly string[]): void {
  out.text(`(${names.map(printBareKeyword).join(', ')})`)
}

export function printAlias(out: Printer, alias: Alias | undefined): void {
  if (alias === undefined) return
  out.text(alias.as ? ' AS ' : ' ')
  if (alias.string !== undefined) out.text(alias.string)
  else out.text(alias.bareKeyword ? printBareKeyword(alias.name) : quoteIdentifier(alias.name))
}

export function printOrderItems(out: Printer, items: readonly OrderItem[]): void {
  out.list(items, (item) => {
    printExpr(out, item.expr)
    if (item.direction !== undefined) out.text(` ${item.direction}`)
  })
}

export function printLimit(out: Printer, limit: LimitClause | undefined): void {
  if (limit === undefined) return
  if (limit.ties) return printTies(out, limit)
  out.text(' LIMIT ')
  if (limit.comma && limit.offset !== undefined) {
    printExpr(out, limit.offset)
    out.text(', ')
  }
  printExpr(out, limit.count)
  if (!limit.comma) out.clause('OFFSET', limit.offset, (offset) => printExpr(out, offset))
}

/** MariaDB's other spelling, which alone may have WITH TIES. */
function printTies(out: Printer, limit: LimitClause): void {
  out.clause('OFFSET', limit.offset, (offset) => {
    printExpr(out, offset)
    out.text(' ROWS')
  })
  out.text(' FETCH FIRST ')
  printExpr(out, limit.count)
  out.text(' ROWS WITH TIES')
}

export function printOverClause(out: Printer, over: WindowSpec): void {
  out.text(' OVER ')
  if (over.reference === undefined) printWindowSpec(out, over)
  else out.text(quoteIdentifier(over.reference))
}

export function printWindowSpec(out: Printer, spec: WindowSpec): void {
  out.text('(')
  if (spec.base !== undefined) out.text(quoteIdentifier(spec.base))
  out.clause('PARTITION BY', spec.partitionBy, (items) => printOrderItems(out, items))
  out.clause('ORDER BY', spec.orderBy, (items) => printOrderItems(out, items))
  const { frame } = spec
  if (frame !== undefined) {
    out.text(` ${frame.unit} ${frame.end === undefined ? '' : 'BETWEEN '}`)
    printBound(out, frame.start)
    out.clause('AND', frame.end, (end) => printBound(out, end))
    if (frame.exclude !== undefined) out.text(` EXCLUDE ${frame.exclude}`)
  }
  out.text(')')
}

function printBound(out: Printer, bound: FrameBound): void {
  if (bound.value !== undefined) {
    printExpr(out, bound.value)
    out.text(' ')
  }
  out.text(bound.at)
}
