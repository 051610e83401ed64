import { unreachable } from '../../base/assert.ts'
import type {
  Assignment,
  Begin,
  Delete,
  EndTransaction,
  Insert,
  LockTables,
  SetItem,
  SetTransaction,
  Statement,
  TableExpr,
  Update,
} from '../ast.ts'
import { printBareKeyword, quoteIdentifier } from './output.ts'
import { printAlias, printLimit, printNameList, printOrderItems, printTableName } from './print-clauses.ts'
import { charsetName, printExpr, printList, printLiteral, userVariable, variableName } from './print-expr.ts'
import { printPieceList } from './print-pieces.ts'
import { printHints, printQuery, printSelectItems, printWith } from './print-query.ts'
import { printTables } from './print-tables.ts'
import type { Printer } from './printer.ts'

export function printStatement(out: Printer, statement: Statement): void {
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'TableQuery':
    case 'NestedQuery':
      printQuery(out, statement)
      break
    case 'Insert':
      printInsert(out, statement)
      break
    case 'Update':
      printUpdate(out, statement)
      break
    case 'Delete':
      printDelete(out, statement)
      break
    case 'Call':
      out.text('CALL ')
      printTableName(out, statement.name)
      if (statement.args === undefined) return
      out.text('(')
      printList(out, statement.args)
      out.text(')')
      break
    case 'Do':
      out.text('DO ')
      printSelectItems(out, statement.items)
      break
    case 'Set':
      out.text('SET ')
      out.list(statement.items, (item) => printSetItem(out, item))
      break
    case 'SetTransaction':
      printSetTransaction(out, statement)
      break
    case 'Show':
    case 'Ddl':
    case 'TableAdmin':
    case 'Load':
    case 'Flush':
    case 'Other':
      printPieceList(out, statement.pieces)
      break
    case 'Explain':
      out.text(`${statement.verb} `)
      printPieceList(out, statement.options)
      if (statement.options.length > 0) out.text(' ')
      printStatement(out, statement.statement)
      break
    case 'ExplainConnection':
      out.text(`${statement.verb} `)
      printPieceList(out, statement.options)
      if (statement.options.length > 0) out.text(' ')
      out.text('FOR CONNECTION ')
      printExpr(out, statement.connection)
      break
    case 'DescribeTable':
      out.text(`${statement.verb} `)
      printTableName(out, statement.table)
      if (statement.column !== undefined) out.text(` ${quoteIdentifier(statement.column)}`)
      if (statement.pattern === undefined) return
      out.text(' ')
      printLiteral(out, statement.pattern)
      break
    case 'VExplain':
      out.text(statement.mode === undefined ? 'VEXPLAIN ' : `VEXPLAIN ${statement.mode} `)
      printStatement(out, statement.statement)
      break
    case 'Empty':
      if (statement.comment) out.text('/**/')
      break
    default:
      printSession(out, statement)
      break
  }
}

type Session = Extract<
  Statement,
  {
    kind:
      | 'Use'
      | 'Begin'
      | 'Commit'
      | 'Rollback'
      | 'Savepoint'
      | 'RollbackTo'
      | 'ReleaseSavepoint'
      | 'Kill'
      | 'ConcludeTransaction'
      | 'Prepare'
      | 'Execute'
      | 'Deallocate'
      | 'GetDiagnostics'
      | 'LockTables'
      | 'UnlockTables'
  }
>

function printWait(out: Printer, wait: LockTables['wait']): void {
  if (wait === undefined) return
  if (wait === 'NOWAIT') return out.text(' NOWAIT')
  out.text(' WAIT ')
  printExpr(out, wait)
}

function printSession(out: Printer, statement: Session): void {
  switch (statement.kind) {
    case 'Use':
      out.text(`USE ${quoteIdentifier(statement.target)}`)
      break
    case 'Begin':
      out.text(beginText(statement))
      break
    case 'Commit':
    case 'Rollback':
      out.text(endText(statement))
      break
    case 'Savepoint':
      out.text(`SAVEPOINT ${quoteIdentifier(statement.name)}`)
      break
    case 'ReleaseSavepoint':
      out.text(`RELEASE SAVEPOINT ${quoteIdentifier(statement.name)}`)
      break
    case 'RollbackTo': {
      const words = `ROLLBACK ${statement.work ? 'WORK ' : ''}TO ${statement.keyword ? 'SAVEPOINT ' : ''}`
      out.text(words + quoteIdentifier(statement.name))
      break
    }
    case 'Kill':
      out.text(statement.force === undefined ? 'KILL ' : `KILL ${statement.force} `)
      if (statement.what !== undefined) out.text(`${statement.what} `)
      printExpr(out, statement.id)
      break
    case 'ConcludeTransaction':
      out.text('CONCLUDE TRANSACTION ')
      printExpr(out, statement.id)
      break
    case 'Prepare':
      out.text(`PREPARE ${quoteIdentifier(statement.name)} FROM `)
      printExpr(out, statement.from)
      break
    case 'Execute':
      out.text(`EXECUTE ${quoteIdentifier(statement.name)}`)
      if (statement.using.length === 0) return
      out.text(' USING ')
      printList(out, statement.using)
      break
    case 'Deallocate':
      out.text(`${statement.verb} PREPARE ${quoteIdentifier(statement.name)}`)
      break
    case 'GetDiagnostics':
      out.text(statement.area === undefined ? 'GET DIAGNOSTICS ' : `GET ${statement.area} DIAGNOSTICS `)
      if (statement.condition !== undefined) {
        out.text('CONDITION ')
        printExpr(out, statement.condition)
        out.text(' ')
      }
      out.list(statement.items, ({ target, name }) => {
        if (typeof target === 'string') out.text(quoteIdentifier(target))
        else printExpr(out, target)
        out.text(` = ${name}`)
      })
      break
    case 'LockTables':
      out.text(`LOCK ${statement.keyword} `)
      out.list(statement.tables, (lock) => {
        printTableName(out, lock.table)
        printAlias(out, lock.alias)
        out.text(` ${lock.lock}`)
      })
      printWait(out, statement.wait)
      break
    case 'UnlockTables':
      out.text(`UNLOCK ${statement.keyword}`)
      break
    default:
      unreachable(statement)
  }
}

function beginText(statement: Begin): string {
  return statement.modifiers.length === 0
    ? statement.syntax
    : `${statement.syntax} ${statement.modifiers.join(', ')}`
}

function endText(statement: EndTransaction): string {
  const words: string[] = [statement.kind.toUpperCase()]
  if (statement.work) words.push('WORK')
  if (statement.chain !== undefined) words.push(statement.chain ? 'AND CHAIN' : 'AND NO CHAIN')
  if (statement.release !== undefined) words.push(statement.release ? 'RELEASE' : 'NO RELEASE')
  return words.join(' ')
}

function printAssignments(out: Printer, assignments: readonly Assignment[]): void {
  out.list(assignments, (assignment) => {
    printExpr(out, assignment.column)
    out.text(` ${assignment.operator ?? '='} `)
    printExpr(out, assignment.value)
  })
}

function printInsert(out: Printer, insert: Insert): void {
  out.text(insert.verb)
  printHints(out, insert.hints)
  if (insert.priority !== undefined) out.text(` ${insert.priority}`)
  if (insert.ignore) out.text(' IGNORE')
  out.text(insert.into ? ' INTO ' : ' ')
  printTableName(out, insert.table)
  out.clause('PARTITION', insert.partitions, (names) => printNameList(out, names))
  if (insert.columns !== undefined) {
    out.text(' (')
    printList(out, insert.columns)
    out.text(')')
  }
  out.text(' ')
  printSource(out, insert.source)
  if (insert.rowAlias !== undefined) {
    const { name, bareKeyword } = insert.rowAlias
    out.text(` AS ${bareKeyword ? printBareKeyword(name) : quoteIdentifier(name)}`)
    if (insert.rowAlias.columns !== undefined) printNameList(out, insert.rowAlias.columns)
  }
  out.clause('ON DUPLICATE KEY UPDATE', insert.onDuplicate, (assignments) =>
    printAssignments(out, assignments),
  )
  out.clause('RETURNING', insert.returning, (items) => printSelectItems(out, items))
}

function printSource(out: Printer, source: Insert['source']): void {
  switch (source.kind) {
    case 'InsertSet':
      out.text('SET ')
      printAssignments(out, source.assignments)
      break
    case 'InsertValues':
      out.text(`${source.keyword} `)
      if (source.slot !== undefined) {
        out.slot(source.slot, '(:rows)')
        return
      }
      out.list(source.rows, (row) => {
        out.text('(')
        printList(out, row.values)
        out.text(')')
      })
      break
    default:
      printQuery(out, source)
      break
  }
}

function printUpdate(out: Printer, update: Update): void {
  if (update.with !== undefined) printWith(out, update.with)
  out.text('UPDATE')
  printHints(out, update.hints)
  if (update.lowPriority) out.text(' LOW_PRIORITY')
  if (update.ignore) out.text(' IGNORE')
  out.text(' ')
  printTables(out, update.tables)
  out.text(' SET ')
  printAssignments(out, update.set)
  printChange(out, update)
}

/** What follows in UPDATE and DELETE alike. */
function printChange(out: Printer, change: Update | Delete): void {
  out.clause('WHERE', change.where, (where) => printExpr(out, where))
  out.clause('ORDER BY', change.orderBy, (items) => printOrderItems(out, items))
  printLimit(out, change.limit)
  out.clause('RETURNING', change.returning, (items) => printSelectItems(out, items))
}

function printDelete(out: Printer, statement: Delete): void {
  if (statement.with !== undefined) printWith(out, statement.with)
  out.text('DELETE')
  printHints(out, statement.hints)
  for (const modifier of statement.modifiers) out.text(` ${modifier}`)
  if (statement.form === 'single') printSingleTable(out, statement.from)
  else {
    out.text(statement.form === 'using' ? ' FROM ' : ' ')
    out.list(statement.targets, (target) => {
      printTableName(out, target.name)
      if (target.star) out.text('.*')
    })
    out.text(statement.form === 'using' ? ' USING ' : ' FROM ')
    printTables(out, statement.from)
  }
  printChange(out, statement)
}

/** DELETE FROM t AS x PARTITION (p): the alias stands before the partitions. */
function printSingleTable(out: Printer, from: readonly TableExpr[]): void {
  out.text(' FROM ')
  const [table] = from
  if (table?.kind !== 'Table' || table.alias === undefined || table.partitions === undefined) {
    printTables(out, from)
    return
  }
  printTableName(out, table.name)
  printAlias(out, table.alias)
  out.text(' PARTITION ')
  printNameList(out, table.partitions)
}

function printSetItem(out: Printer, item: SetItem): void {
  switch (item.kind) {
    case 'SetVariable': {
      const scope = item.scope === undefined ? '' : item.at ? `${item.scope}.` : `${item.scope} `
      out.text(`${item.at ? '@@' : ''}${scope}${variableName(item.name)} ${item.operator} `)
      if (item.value.kind === 'WordValue') out.text(item.value.word)
      else printExpr(out, item.value)
      break
    }
    case 'SetUserVariable':
      out.text(`${userVariable(item.target)} ${item.operator} `)
      printExpr(out, item.value)
      break
    case 'SetNames':
      out.text(`NAMES ${item.charset === undefined ? 'DEFAULT' : charsetName(item.charset)}`)
      if (item.collation !== undefined) out.text(` COLLATE ${charsetName(item.collation)}`)
      break
    case 'SetCharset':
      out.text(`${item.keyword} ${item.charset === undefined ? 'DEFAULT' : charsetName(item.charset)}`)
      break
    default:
      unreachable(item)
  }
}

function printSetTransaction(out: Printer, statement: SetTransaction): void {
  const isolation = statement.isolation === undefined ? [] : [`ISOLATION LEVEL ${statement.isolation}`]
  const access = statement.access === undefined ? [] : [statement.access]
  const parts = statement.accessFirst ? [...access, ...isolation] : [...isolation, ...access]
  out.text(`SET ${statement.scope === undefined ? '' : `${statement.scope} `}TRANSACTION ${parts.join(', ')}`)
}
