import { unreachable } from '../../base/assert.ts'
import type { GroupBy, Into, Lock, Query, Select, SelectItem, Subquery, With } from '../ast.ts'
import { printBareKeyword, quoteIdentifier } from './output.ts'
import {
  printAlias,
  printLimit,
  printNameList,
  printOrderItems,
  printTableName,
  printWindowSpec,
} from './print-clauses.ts'
import { printExpr, printLiteral } from './print-expr.ts'
import { printPiece } from './print-pieces.ts'
import { printTables } from './print-tables.ts'
import type { Printer } from './printer.ts'

export function printSubquery(out: Printer, subquery: Subquery): void {
  const extra = subquery.parens ?? 0
  out.text('('.repeat(extra + 1))
  printQuery(out, subquery.query)
  out.text(')'.repeat(extra + 1))
}

/** A subquery as an expression prints its extra parentheses there; here only its own. */
export function printQuery(out: Printer, query: Query): void {
  out.text('('.repeat(query.parens ?? 0))
  printBody(out, query)
  out.text(')'.repeat(query.parens ?? 0))
}

function printBody(out: Printer, query: Query): void {
  if (query.with !== undefined) printWith(out, query.with)
  printTerm(out, query)
  out.clause('ORDER BY', query.orderBy, (items) => printOrderItems(out, items))
  printLimit(out, query.limit)
  printRowsExamined(out, query)
  if (query.kind === 'Select') out.clause('PROCEDURE', query.procedure, (call) => printExpr(out, call))
  if (query.into?.place === 'lock') printInto(out, query.into)
  for (const lock of query.locks ?? []) printLock(out, lock)
  if (query.into?.place === 'end') printInto(out, query.into)
}

function printRowsExamined(out: Printer, { limit, rowsExamined }: Query): void {
  if (rowsExamined === undefined) return
  out.text(limit === undefined ? ' LIMIT ROWS EXAMINED ' : ' ROWS EXAMINED ')
  printExpr(out, rowsExamined)
}

function printTerm(out: Printer, query: Query): void {
  switch (query.kind) {
    case 'Select':
      printSelect(out, query)
      break
    case 'SetOperation':
      printSetOperation(out, query)
      break
    case 'ValuesQuery':
      out.text('VALUES ')
      out.list(query.rows, (row) => printExpr(out, row))
      break
    case 'TableQuery':
      out.text('TABLE ')
      printTableName(out, query.name)
      break
    case 'NestedQuery':
      printOperand(out, query.query, true)
      break
    default:
      unreachable(query)
  }
}

/** An operand that must be in parentheses gets them if it has none. */
function printOperand(out: Printer, query: Query, needsParens: boolean): void {
  const add = needsParens && query.parens === undefined
  if (add) out.text('(')
  printQuery(out, query)
  if (add) out.text(')')
}

function printSetOperation(out: Printer, query: Query & { kind: 'SetOperation' }): void {
  const words = query.quantifier === undefined ? query.op : `${query.op} ${query.quantifier}`
  query.operands.forEach((operand, i) => {
    if (i > 0) out.text(` ${words} `)
    printOperand(out, operand, needsParens(operand, query.op, i === 0))
  })
}

function needsParens(operand: Query, op: 'UNION' | 'INTERSECT' | 'EXCEPT', isFirst: boolean): boolean {
  const { orderBy, limit, locks, into } = operand
  const hasTail = [operand.with, orderBy, limit, locks].some((clause) => clause !== undefined)
  if (hasTail || (into !== undefined && into.place !== 'items') || operand.kind === 'NestedQuery') return true
  if (operand.kind !== 'SetOperation') return false
  const binds = (name: typeof op): number => (name === 'INTERSECT' ? 2 : 1)
  return isFirst ? binds(operand.op) < binds(op) : binds(operand.op) <= binds(op)
}

export function printWith(out: Printer, clause: With): void {
  out.text(clause.recursive ? 'WITH RECURSIVE ' : 'WITH ')
  out.list(clause.tables, (table) => {
    out.text(table.bareKeyword ? printBareKeyword(table.name) : quoteIdentifier(table.name))
    if (table.columns !== undefined) printNameList(out, table.columns)
    out.text(' AS ')
    printSubquery(out, table.query)
    if (table.cycle !== undefined) out.text(` CYCLE ${table.cycle.map(quoteIdentifier).join(', ')} RESTRICT`)
  })
  out.text(' ')
}

export function printHints(out: Printer, hints: readonly string[] | undefined): void {
  for (const hint of hints ?? []) out.text(` ${hint}`)
}

function printSelect(out: Printer, select: Select): void {
  out.text('SELECT')
  printHints(out, select.hints)
  for (const modifier of select.modifiers) out.text(` ${modifier}`)
  out.text(' ')
  printSelectItems(out, select.items)
  if (select.into?.place === 'items') printInto(out, select.into)
  if (select.from.length > 0) {
    out.text(' FROM ')
    printTables(out, select.from)
  }
  out.clause('WHERE', select.where, (where) => printExpr(out, where))
  if (select.groupBy !== undefined) printGroupBy(out, select.groupBy)
  out.clause('HAVING', select.having, (having) => printExpr(out, having))
  out.clause('WINDOW', select.windows, (windows) =>
    out.list(windows, (window) => {
      out.text(`${quoteIdentifier(window.name)} AS `)
      printWindowSpec(out, window.spec)
    }),
  )
  out.clause('QUALIFY', select.qualify, (qualify) => printExpr(out, qualify))
}

export function printSelectItems(out: Printer, items: readonly SelectItem[]): void {
  out.list(items, (item) => {
    switch (item.kind) {
      case 'Star':
        return printExpr(out, item)
      case 'NextValues':
        if (item.count === undefined) return out.text('NEXT VALUE')
        out.text('NEXT ')
        printExpr(out, item.count)
        return out.text(' VALUES')
      case 'SelectExpr':
        printExpr(out, item.expr)
        return printAlias(out, item.alias)
      default:
        return unreachable(item)
    }
  })
}

const groupingWords = { FUNCTION: 'ROLLUP', CUBE: 'CUBE', SETS: 'GROUPING SETS' } as const

function printGroupBy(out: Printer, groupBy: GroupBy): void {
  const list = groupBy.rollup !== undefined && groupBy.rollup !== 'WITH'
  out.text(list ? ` GROUP BY ${groupingWords[groupBy.rollup]} (` : ' GROUP BY ')
  printOrderItems(out, groupBy.items)
  if (list) out.text(')')
  if (groupBy.rollup === 'WITH') out.text(' WITH ROLLUP')
}

function printLock(out: Printer, lock: Lock): void {
  out.text(lock.mode === 'SHARE MODE' ? ' LOCK IN SHARE MODE' : ` FOR ${lock.mode}`)
  out.clause('OF', lock.of, (tables) => out.list(tables, (table) => printTableName(out, table)))
  if (lock.wait !== undefined) out.text(` ${lock.wait}`)
  out.clause('WAIT', lock.waitSeconds, (seconds) => printLiteral(out, seconds))
}

function printInto(out: Printer, into: Into): void {
  const { target } = into
  out.text(' INTO ')
  switch (target.kind) {
    case 'IntoVariables':
      out.list(target.variables, (variable) => printExpr(out, variable))
      break
    case 'IntoDumpfile':
      out.text('DUMPFILE ')
      printLiteral(out, target.file)
      break
    case 'IntoOutfile':
      out.text('OUTFILE ')
      printLiteral(out, target.file)
      if (target.options.length > 0) out.text(' ')
      for (const piece of target.options) printPiece(out, piece)
      break
    default:
      unreachable(target)
  }
}
