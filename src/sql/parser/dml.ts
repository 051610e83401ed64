import type {
  Assignment,
  Call,
  ColumnName,
  Delete,
  DeleteTarget,
  Do,
  Expr,
  Insert,
  InsertRow,
  InsertSet,
  InsertValues,
  OrderItem,
  Query,
  RowAlias,
  SelectItem,
  TableExpr,
  Update,
  With,
} from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import {
  atBareKeyword,
  parseColumn,
  parseCommaList,
  parseNameList,
  parseTableAlias,
  parseTableName,
} from './names.ts'
import { parseOrderBy, parseSimpleLimit } from './order.ts'
import { parseHints, parseQuery, parseSelectItems, parseValueOrDefault } from './query.ts'
import { parsePartitions, parseSystemTime, parseTableExpr, parseTableList } from './tables.ts'
import { make, type TokenStream } from './token-stream.ts'

/** INSERT and REPLACE. Source: MySQL 9.7 manual, "INSERT Statement"; MariaDB for RETURNING. */
export function parseInsert(p: TokenStream): Insert {
  const { start } = p
  const verb = p.expectOneOf(['INSERT', 'REPLACE'])
  const isReplace = verb === 'REPLACE'
  const hints = parseHints(p)
  const priority = p.acceptOneOf(
    isReplace
      ? (['LOW_PRIORITY', 'DELAYED'] as const)
      : (['LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY'] as const),
  )
  const ignore = !isReplace && p.accept('IGNORE')
  const into = p.accept('INTO')
  const table = parseTableName(p)
  const partitions = parsePartitions(p)
  const columns = atColumnList(p) ? parseColumnList(p) : undefined
  const source = parseSource(p, columns)
  const rowAlias = isReplace || !takesRowAlias(source) ? undefined : parseRowAlias(p)
  const onDuplicate = isReplace ? undefined : parseOnDuplicate(p)
  const returning = parseReturning(p)
  return make<Insert>({
    kind: 'Insert',
    verb,
    hints,
    priority,
    ignore,
    into,
    table,
    partitions,
    columns,
    source,
    rowAlias,
    onDuplicate,
    returning,
    span: p.spanFrom(start),
  })
}

function takesRowAlias(source: InsertValues | InsertSet | Query): boolean {
  return source.kind === 'InsertValues' || source.kind === 'InsertSet' || source.kind === 'ValuesQuery'
}

/** A parenthesis here opens the column list, unless it leads to a query. */
function atColumnList(p: TokenStream): boolean {
  if (!p.at('(')) return false
  switch (p.peekWord()) {
    case 'SELECT':
    case 'WITH':
    case 'TABLE':
    case 'VALUES':
    case '(':
      return false
    default:
      return true
  }
}

function parseColumnList(p: TokenStream): ColumnName[] {
  p.expect('(')
  if (p.accept(')')) return []
  const columns = parseCommaList(p, parseColumn)
  p.expect(')')
  return columns
}

function parseSource(
  p: TokenStream,
  columns: readonly ColumnName[] | undefined,
): InsertValues | InsertSet | Query {
  const { start } = p
  if (p.at('SET') && columns === undefined) {
    p.advance()
    return { kind: 'InsertSet', assignments: parseCommaList(p, parseAssignment), span: p.spanFrom(start) }
  }
  const isRows = p.at('VALUE') || (p.at('VALUES') && p.peekWord() !== 'ROW')
  if (isRows && !isValuesQuery(p)) return parseInsertValues(p)
  // It has no INTO of its own.
  p.subqueries++
  const query = parseQuery(p)
  p.subqueries--
  return query
}

/** MariaDB: VALUES begins a query that goes on behind its rows, with UNION or LIMIT. */
function isValuesQuery(p: TokenStream): boolean {
  if (!isMariaDb(p.options.serverVersion) || !p.at('VALUES')) return false
  let depth = 0
  for (let ahead = 1; p.peekType(ahead) !== 'End'; ahead++) {
    const word = p.peekWord(ahead)
    if (word === '(') depth++
    else if (word === ')') depth--
    else if (depth === 0 && word !== ',') return goesOn.has(word)
  }
  return false
}

const goesOn: ReadonlySet<string> = new Set([
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FETCH',
])

function parseInsertValues(p: TokenStream): InsertValues {
  const { start } = p
  const keyword = p.expectOneOf(['VALUES', 'VALUE'])
  if (p.slotKindAt(p.start) === 'rows') {
    const slot = p.takeSlotText(p.start)
    if (slot !== undefined) return { kind: 'InsertValues', keyword, rows: [], slot, span: p.spanFrom(start) }
  }
  return { kind: 'InsertValues', keyword, rows: parseCommaList(p, parseRow), span: p.spanFrom(start) }
}

function parseRow(p: TokenStream): InsertRow {
  const { start } = p
  p.expect('(')
  const values = p.at(')') ? [] : parseCommaList(p, parseValueOrDefault)
  p.expect(')')
  return { kind: 'InsertRow', values, span: p.spanFrom(start) }
}

function parseRowAlias(p: TokenStream): RowAlias | undefined {
  const { start } = p
  if (!p.accept('AS')) return undefined
  const bareKeyword = atBareKeyword(p)
  const name = p.identifier()
  const columns = p.at('(') ? parseNameList(p) : undefined
  return make<RowAlias>({ kind: 'RowAlias', name, bareKeyword, columns, span: p.spanFrom(start) })
}

function parseOnDuplicate(p: TokenStream): Assignment[] | undefined {
  if (!p.accept('ON')) return undefined
  p.expect('DUPLICATE')
  p.expect('KEY')
  p.expect('UPDATE')
  parseHints(p) // as behind FOR UPDATE
  return parseCommaList(p, parseAssignment)
}

function parseAssignment(p: TokenStream): Assignment {
  const column = parseColumn(p)
  const operator = p.accept(':=') ? ':=' : undefined
  if (operator === undefined) p.expect('=')
  const value: Expr = parseValueOrDefault(p)
  return make<Assignment>({
    kind: 'Assignment',
    column,
    operator,
    value,
    span: p.spanFrom(column.span.start),
  })
}

/** MariaDB: RETURNING select items. */
function parseReturning(p: TokenStream): SelectItem[] | undefined {
  if (!isMariaDb(p.options.serverVersion) || !p.accept('RETURNING')) return undefined
  return parseSelectItems(p)
}

export function parseUpdate(p: TokenStream, withClause: With | undefined): Update {
  const start = withClause?.span.start ?? p.start
  p.expect('UPDATE')
  const hints = parseHints(p)
  const lowPriority = p.accept('LOW_PRIORITY')
  const ignore = p.accept('IGNORE')
  const tables = parseCommaList(p, parseTableExpr)
  p.expect('SET')
  const set = parseCommaList(p, parseAssignment)
  const where = p.accept('WHERE') ? parseExpr(p) : undefined
  const orderBy: OrderItem[] | undefined = parseOrderBy(p)
  const limit = parseSimpleLimit(p)
  const returning = parseReturning(p)
  return make<Update>({
    kind: 'Update',
    with: withClause,
    hints,
    lowPriority,
    ignore,
    tables,
    set,
    where,
    orderBy,
    limit,
    returning,
    span: p.spanFrom(start),
  })
}

/** Single-table DELETE and both multi-table spellings. */
export function parseDelete(p: TokenStream, withClause: With | undefined): Delete {
  const start = withClause?.span.start ?? p.start
  p.expect('DELETE')
  const hints = parseHints(p)
  const modifiers = parseDeleteModifiers(p)
  const { form, targets, from } = p.accept('FROM') ? parseDeleteFrom(p) : parseDeleteTargets(p)
  const where = p.accept('WHERE') ? parseExpr(p) : undefined
  const isSingle = form === 'single'
  const orderBy: OrderItem[] | undefined = isSingle ? parseOrderBy(p) : undefined
  const limit = isSingle ? parseSimpleLimit(p) : undefined
  const returning = isSingle ? parseReturning(p) : undefined
  return make<Delete>({
    kind: 'Delete',
    with: withClause,
    hints,
    modifiers,
    form,
    targets,
    from,
    where,
    orderBy,
    limit,
    returning,
    span: p.spanFrom(start),
  })
}

function parseDeleteModifiers(p: TokenStream): Delete['modifiers'] {
  const modifiers: Delete['modifiers'][number][] = []
  for (;;) {
    const word = p.acceptOneOf(['LOW_PRIORITY', 'QUICK', 'IGNORE'])
    if (word === undefined) return modifiers
    modifiers.push(word)
  }
}

type DeleteTables = Pick<Delete, 'form' | 'targets' | 'from'>

/** DELETE FROM t …, or DELETE FROM t, u USING tables. */
function parseDeleteFrom(p: TokenStream): DeleteTables {
  const { start } = p
  const first = parseDeleteTarget(p)
  if (!first.star && !p.at(',') && !p.at('USING'))
    return { form: 'single', targets: [], from: [parseSingle(p, first, start)] }
  const targets = [first]
  while (p.accept(',')) targets.push(parseDeleteTarget(p))
  p.expect('USING')
  return { form: 'using', targets, from: parseTableList(p) }
}

/** The rest of the one table, whose name has been read. */
function parseSingle(p: TokenStream, target: DeleteTarget, start: number): TableExpr {
  const partitionsFirst = parsePartitions(p)
  const systemTime = parseSystemTime(p)
  const mayHaveAlias = partitionsFirst === undefined || isMariaDb(p.options.serverVersion)
  const alias = mayHaveAlias ? parseTableAlias(p) : undefined
  const partitions = partitionsFirst ?? parsePartitions(p)
  return make<TableExpr & { kind: 'Table' }>({
    kind: 'Table',
    name: target.name,
    partitions,
    alias,
    span: p.spanFrom(start),
    systemTime,
    sample: undefined,
    indexHints: undefined,
  })
}

function parseDeleteTargets(p: TokenStream): DeleteTables {
  const targets = parseCommaList(p, parseDeleteTarget)
  p.expect('FROM')
  return { form: 'from', targets, from: parseTableList(p) }
}

/** `t`, `s.t`, `t.*`, `s.t.*`. */
function parseDeleteTarget(p: TokenStream): DeleteTarget {
  const { start } = p
  if (p.peekWord() === '.' && p.peekWord(2) === '*') {
    const name = p.identifier()
    const table = { kind: 'TableName', name, span: p.spanFrom(start) } as const
    p.advance(2)
    return { kind: 'DeleteTarget', name: table, star: true, span: p.spanFrom(start) }
  }
  const name = parseTableName(p)
  const star = p.accept('.')
  if (star) p.expect('*')
  return { kind: 'DeleteTarget', name, star, span: p.spanFrom(start) }
}

/** CALL name[(args)]. */
export function parseCallStatement(p: TokenStream): Call {
  const { start } = p
  p.expect('CALL')
  const name = parseTableName(p)
  const args = p.at('(') ? parseCallArgs(p) : undefined
  return make<Call>({ kind: 'Call', name, args, span: p.spanFrom(start) })
}

function parseCallArgs(p: TokenStream): Expr[] {
  p.expect('(')
  const args = p.at(')') ? [] : parseCommaList(p, parseExpr)
  p.expect(')')
  return args
}

/** DO expr, …: read as select items, for MySQL takes aliases there too. */
export function parseDo(p: TokenStream): Do {
  const { start } = p
  p.expect('DO')
  const items = parseSelectItems(p)
  return { kind: 'Do', items, span: p.spanFrom(start) }
}
