import { unreachable } from '../../base/assert.ts'
import type { Derived, Join, JsonColumn, JsonTable, TableExpr, TableRef } from '../ast.ts'
import { printBareKeyword, quoteIdentifier } from './output.ts'
import { printAlias, printNameList, printTableName } from './print-clauses.ts'
import { printExpr, printReactions } from './print-expr.ts'
import { printPieceList } from './print-pieces.ts'
import { printSubquery } from './print-query.ts'
import type { Printer } from './printer.ts'

export function printTables(out: Printer, tables: readonly TableExpr[]): void {
  out.list(tables, (table) => printTable(out, table))
}

export function printTable(out: Printer, table: TableExpr): void {
  switch (table.kind) {
    case 'Table':
      printNamedTable(out, table)
      break
    case 'Dual':
      out.text('DUAL')
      break
    case 'Derived':
      printDerived(out, table)
      break
    case 'JsonTable':
      printJsonTable(out, table)
      break
    case 'Join':
      printJoin(out, table)
      break
    case 'TableParens':
      out.text('(')
      printTables(out, table.tables)
      out.text(')')
      break
    case 'OdbcJoin':
      out.text(`{${table.name} `)
      printTable(out, table.table)
      out.text('}')
      break
    default:
      unreachable(table)
  }
}

function printNamedTable(out: Printer, table: TableRef): void {
  printTableName(out, table.name)
  out.clause('PARTITION', table.partitions, (names) => printNameList(out, names))
  if (table.systemTime !== undefined) {
    out.text(' ')
    printPieceList(out, table.systemTime)
  }
  printAlias(out, table.alias)
  if (table.sample !== undefined) {
    out.text(` TABLESAMPLE ${table.sample.method} (`)
    printExpr(out, table.sample.percent)
    out.text(')')
  }
  for (const hint of table.indexHints ?? []) {
    const scope = hint.scope === undefined ? '' : ` FOR ${hint.scope}`
    const names = hint.indexes.map((name) =>
      name.toUpperCase() === 'PRIMARY' ? name : printBareKeyword(name),
    )
    out.text(` ${hint.action} ${hint.keyword}${scope} (${names.join(', ')})`)
  }
}

function printDerived(out: Printer, table: Derived): void {
  if (table.lateral) out.text('LATERAL ')
  printSubquery(out, table.query)
  printAlias(out, table.alias)
  if (table.columns !== undefined) {
    out.text(' ')
    printNameList(out, table.columns)
  }
}

/** A join on the right side needs parentheses, unless this one's condition closes it. */
function printJoin(out: Printer, join: Join): void {
  printTable(out, join.left)
  out.text(` ${join.words} `)
  const closes = !join.natural && (join.on !== undefined || join.using !== undefined)
  const parens = join.right.kind === 'Join' && !closes
  if (parens) out.text('(')
  printTable(out, join.right)
  if (parens) out.text(')')
  out.clause('ON', join.on, (on) => printExpr(out, on))
  out.clause('USING', join.using, (names) => printNameList(out, names))
}

function printJsonTable(out: Printer, table: JsonTable): void {
  out.text('JSON_TABLE(')
  printExpr(out, table.doc)
  out.text(', ')
  printExpr(out, table.path)
  out.text(' ')
  printColumns(out, table.columns)
  out.text(')')
  printAlias(out, table.alias)
}

function printColumns(out: Printer, columns: readonly JsonColumn[]): void {
  out.text('COLUMNS (')
  out.list(columns, (column) => printColumn(out, column))
  out.text(')')
}

function printColumn(out: Printer, column: JsonColumn): void {
  switch (column.kind) {
    case 'JsonOrdinality':
      out.text(`${columnName(column)} FOR ORDINALITY`)
      break
    case 'JsonPathColumn':
      out.text(`${columnName(column)} `)
      printPieceList(out, column.type)
      out.text(column.exists ? ' EXISTS PATH ' : ' PATH ')
      printExpr(out, column.path)
      printReactions(out, column.reactions)
      break
    case 'JsonNested':
      out.text(column.pathKeyword ? 'NESTED PATH ' : 'NESTED ')
      printExpr(out, column.path)
      out.text(' ')
      printColumns(out, column.columns)
      break
    default:
      unreachable(column)
  }
}

function columnName({ name, bareKeyword }: { readonly name: string; readonly bareKeyword?: true }): string {
  return bareKeyword ? printBareKeyword(name) : quoteIdentifier(name)
}
