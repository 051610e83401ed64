import { groupBy } from '../base/group-by.ts'
import type { Condition } from '../errors/condition.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { KeptForeignKey, KeptForeignKeys } from '../plan/write-primitives.ts'
import { type ForeignKey, type ForeignKeyRule, isAction, isSelfReferring } from '../values/foreign-key.ts'
import { quoteName, valueLiteral } from '../values/sql-literal.ts'
import type { Value } from '../values/value.ts'
import type { OwnStatements } from './shard-port.ts'

/** What it takes to look after foreign keys. */
export interface ForeignKeyContext {
  readonly bindings: { readonly isMariadb: boolean }
  readonly port: { readonly own: OwnStatements }
}

type Values = readonly Value[]

/** A row's values, in the order of the statement's foreign keys (`KeptForeignKeys`). */
export interface KeyedRow {
  readonly own: readonly Values[]
  readonly toIt: readonly Values[]
}

/** A row before and after; `is` absent: it is gone. */
export interface KeyedChange {
  readonly was: KeyedRow
  readonly is?: KeyedRow | undefined
}

/** Few enough for one statement. */
const VALUES_MAX = 1000
/** Source: MySQL's FK_MAX_CASCADE_DEL. */
const DEPTH_MAX = 15

/**
 * Once rows have changed, of which `changes` tells in their order: looks whether what they refer to is there, and does with rows that
 * refer to them what their rules say, by statements that are planned as the client's are. Throws as MySQL does for what is in the way.
 */
export async function followForeignKeys(
  { own, toIt }: KeptForeignKeys,
  changes: readonly KeyedChange[],
  context: ForeignKeyContext,
): Promise<void> {
  const referring = changes.map(({ was, is }) =>
    is === undefined ? [] : is.own.map((values, i) => (areSame(values, was.own[i]!) ? undefined : values)),
  )
  const missing = await firstMissing(
    own.map(({ key }) => key),
    referring,
    context,
  )
  if (missing !== undefined) throw notThere(missing.key, context)
  const left = changes.map((change) => toIt.map((kept, i) => leftBy(kept, change, i)))
  checkNotTheirOwn(own, changes, left, context)
  await checkNoneInTheWay(left, context)
  for (const i of toIt.keys())
    await followRule(
      toIt[i]!.key,
      left.flatMap((row) => row[i] ?? []),
      context,
    )
}

/** A value that a row does not have any more, or not at all. */
interface LeftValue {
  readonly key: ForeignKey
  readonly rule: ForeignKeyRule
  readonly was: Values
  readonly is: Values | undefined
}

function leftBy({ key }: KeptForeignKey, { was, is }: KeyedChange, i: number): LeftValue | undefined {
  const old = was.toIt[i]!
  const now = is?.toIt[i]
  if (hasNull(old) || (now !== undefined && areSame(old, now))) return undefined
  return { key, rule: ruleOf(key, now === undefined), was: old, is: now }
}

/** A rule that would come back to the table that it comes from stands in the way, as RESTRICT does. */
function ruleOf(key: ForeignKey, isDeleted: boolean): ForeignKeyRule {
  if (isDeleted) return key.onDelete
  return isSelfReferring(key) ? 'RESTRICT' : key.onUpdate
}

// -------------------------------------------------------------------------------------- rows that are referred to

export interface MissingReference {
  /** Position among the rows. */
  readonly row: number
  readonly key: ForeignKey
}

/**
 * The first row that refers to one that is not there: `rows` have values for each of the keys, or undefined for what need not be
 * asked. Those that are there are locked, so that they stay.
 */
export async function firstMissing(
  keys: readonly ForeignKey[],
  rows: readonly (readonly (Values | undefined)[])[],
  context: ForeignKeyContext,
): Promise<MissingReference | undefined> {
  let first: MissingReference | undefined
  for (const [i, key] of keys.entries()) {
    const asked = rows.map((values) =>
      values[i] === undefined || hasNull(values[i]) ? undefined : values[i],
    )
    const missing = await missingAmong(key, asked, context)
    const row = asked.findIndex((values) => values !== undefined && missing.has(textOf(values)))
    if (row >= 0 && (first === undefined || row < first.row)) first = { row, key }
  }
  return first
}

/** Texts of those values that no row has. */
async function missingAmong(
  key: ForeignKey,
  asked: readonly (Values | undefined)[],
  { port }: ForeignKeyContext,
): Promise<ReadonlySet<string>> {
  const distinct = [
    ...new Map(asked.flatMap((values) => (values ? [[textOf(values), values]] : []))).values(),
  ]
  const missing = new Set<string>()
  const rowsWith = (values: readonly Values[]) =>
    port.own.rows(
      `SELECT ${namesOf(key.parentColumns)} FROM ${tableOf(key, key.parent)} WHERE ${oneOf(key.parentColumns, values)} LOCK IN SHARE MODE`,
    )
  for (let at = 0; at < distinct.length; at += VALUES_MAX) {
    const part = distinct.slice(at, at + VALUES_MAX)
    const found = new Set((await rowsWith(part)).map(textOf))
    // Equal values may be spelled differently: these are asked for by themselves.
    const unsure = part.filter((values) => !found.has(textOf(values)))
    for (const values of unsure)
      if (found.size === 0 || (await rowsWith([values])).length === 0) missing.add(textOf(values))
  }
  return missing
}

// ------------------------------------------------------------------------------------------------- rows that refer

/** A row that has gone and referred to itself was in its own way. */
function checkNotTheirOwn(
  own: readonly KeptForeignKey[],
  changes: readonly KeyedChange[],
  left: readonly (readonly (LeftValue | undefined)[])[],
  context: ForeignKeyContext,
): void {
  for (const [row, { was, is }] of changes.entries()) {
    if (is !== undefined) continue
    for (const value of left[row]!) {
      const at = own.findIndex(({ key }) => key === value?.key)
      if (value === undefined || at < 0 || isAction(value.rule)) continue
      if (areSame(was.own[at]!, value.was)) throw inTheWay(value.key, context)
    }
  }
}

/** Throws for the first row to which others refer, of the first key by which they do. */
async function checkNoneInTheWay(
  left: readonly (readonly (LeftValue | undefined)[])[],
  context: ForeignKeyContext,
): Promise<void> {
  const standing = left.map((row) => row.filter((value) => value !== undefined && !isAction(value.rule)))
  const all = standing.flat() as readonly LeftValue[]
  const byKey = groupBy(all, ({ key }) => key)
  let isAny = false
  for (const [key, values] of byKey) isAny ||= await areReferredTo(key, values, context)
  if (!isAny) return
  for (const value of all)
    if (await areReferredTo(value.key, [value], context)) throw inTheWay(value.key, context)
}

async function areReferredTo(
  key: ForeignKey,
  values: readonly LeftValue[],
  { port }: ForeignKeyContext,
): Promise<boolean> {
  for (const part of inParts(values)) {
    const rows = await port.own.rows(
      `SELECT 1 FROM ${tableOf(key, key.child)} WHERE ${oneOf(key.columns, part)} LIMIT 1 LOCK IN SHARE MODE`,
    )
    if (rows.length > 0) return true
  }
  return false
}

async function followRule(
  key: ForeignKey,
  values: readonly LeftValue[],
  context: ForeignKeyContext,
): Promise<void> {
  const acted = values.filter(({ rule }) => isAction(rule))
  if (acted.length === 0) return
  const { own } = context.port
  if (own.depth >= DEPTH_MAX - 1) {
    if (await areReferredTo(key, acted, context)) throw tooDeep(key, context)
    return
  }
  const table = tableOf(key, key.child)
  const deleted = acted.filter(({ is, rule }) => is === undefined && rule === 'CASCADE')
  for (const part of inParts(deleted))
    await own.change(`DELETE FROM ${table} WHERE ${oneOf(key.columns, part)}`)
  const forgotten = acted.filter(({ rule }) => rule === 'SET NULL')
  for (const part of inParts(forgotten))
    await own.change(`UPDATE ${table} SET ${setTo(key)} WHERE ${oneOf(key.columns, part)}`)
  for (const { was, is, rule } of acted) {
    if (is === undefined || rule !== 'CASCADE') continue
    await own.change(`UPDATE ${table} SET ${setTo(key, is)} WHERE ${oneOf(key.columns, [was])}`)
  }
}

function inParts(values: readonly LeftValue[]): readonly (readonly Values[])[] {
  const parts: Values[][] = []
  for (let at = 0; at < values.length; at += VALUES_MAX)
    parts.push(values.slice(at, at + VALUES_MAX).map(({ was }) => was))
  return parts
}

/** To NULL where there are no values. */
function setTo({ columns, dated }: ForeignKey, values?: Values): string {
  return [
    ...columns.map((name, i) => `${quoteName(name)} = ${values ? literalOf(values[i]!) : 'NULL'}`),
    ...dated.map((name) => `${quoteName(name)} = ${quoteName(name)}`),
  ].join(', ')
}

// ------------------------------------------------------------------------------------------------------------ text

function tableOf({ keyspace }: ForeignKey, table: string): string {
  return `${quoteName(keyspace)}.${quoteName(table)}`
}

function namesOf(columns: readonly string[]): string {
  return columns.map(quoteName).join(', ')
}

function oneOf(columns: readonly string[], values: readonly Values[]): string {
  const rows = values.map((row) => row.map(literalOf).join(', '))
  return columns.length === 1
    ? `${namesOf(columns)} IN (${rows.join(', ')})`
    : `(${namesOf(columns)}) IN (${rows.map((row) => `(${row})`).join(', ')})`
}

function literalOf(value: Value): string {
  return valueLiteral(value, 'utf8mb4')
}

function textOf(values: Values): string {
  return values.map(({ bytes }) => `${bytes.length}:${Buffer.from(bytes).latin1Slice()}`).join('')
}

function hasNull(values: Values): boolean {
  return values.some(({ type }) => type === 'NULL')
}

/** To the byte: what is equal to another but spelled differently is a change. */
export function areSame(a: Values, b: Values): boolean {
  return a.every(({ type, bytes }, i) => {
    const other = b[i]!
    return (type === 'NULL') === (other.type === 'NULL') && Buffer.compare(bytes, other.bytes) === 0
  })
}

// ---------------------------------------------------------------------------------------------------------- errors

export function notThere(key: ForeignKey, context: ForeignKeyContext): SqlError {
  return new SqlError(
    'ER_NO_REFERENCED_ROW_2',
    `Cannot add or update a child row: a foreign key constraint fails (${wordsOf(key, context)})`,
  )
}

function inTheWay(key: ForeignKey, context: ForeignKeyContext): SqlError {
  return new SqlError(
    'ER_ROW_IS_REFERENCED_2',
    `Cannot delete or update a parent row: a foreign key constraint fails (${wordsOf(key, context)})`,
  )
}

function tooDeep(key: ForeignKey, context: ForeignKeyContext): SqlError {
  return context.bindings.isMariadb
    ? new SqlError('ER_GET_ERRMSG', `Got error 193 '${wordsOf(key, context)}' from InnoDB`)
    : new SqlError(
        'ER_FK_DEPTH_EXCEEDED',
        `Foreign key cascade delete/update exceeds max depth of ${DEPTH_MAX}.`,
      )
}

export function isOfForeignKey(error: unknown): error is SqlError {
  return (
    error instanceof SqlError &&
    (error.code === 'ER_NO_REFERENCED_ROW_2' || error.code === 'ER_ROW_IS_REFERENCED_2')
  )
}

export function warningOf({ errno, message }: SqlError): Condition {
  return { level: 'Warning', code: errno, message }
}

/** As a server tells of it; a rule that is the usual one is left out. */
function wordsOf(key: ForeignKey, { bindings }: ForeignKeyContext): string {
  const names = (columns: readonly string[]) => columns.map(quoted).join(', ')
  const usual = bindings.isMariadb ? 'RESTRICT' : 'NO ACTION'
  const onDelete = key.onDelete === usual ? '' : ` ON DELETE ${key.onDelete}`
  const onUpdate = key.onUpdate === usual ? '' : ` ON UPDATE ${key.onUpdate}`
  return `${quoted(key.keyspace)}.${quoted(key.child)}, CONSTRAINT ${quoted(key.name)} FOREIGN KEY (${names(key.columns)}) REFERENCES ${quoted(key.parent)} (${names(key.parentColumns)})${onDelete}${onUpdate}`
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
