import { SqlError } from '../errors/sql-error.ts'
import type { Plan } from '../plan/plan.ts'
import type { KeptForeignKey } from '../plan/write-primitives.ts'
import type { Delete, Insert, Load, Update } from '../sql/ast.ts'
import type { Column } from '../values/column.ts'
import { type ForeignKey, isSelfReferring } from '../values/foreign-key.ts'
import type { Table } from '../vschema/model.ts'
import { liveColumn } from './binding/live-column.ts'
import { changedVindexes, mayChange, refusalOfUpsert } from './operators/write.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from './refusal.ts'
import { isNameable } from './row-keys.ts'

/** Foreign keys that the proxy looks after in a statement (docs/design/foreign-keys.md). */
export interface TouchedKeys {
  /** Of the table: what its rows refer to must be there. */
  readonly own: readonly ForeignKey[]
  /** Of rows that refer to those which the statement deletes or changes. */
  readonly toIt: readonly ForeignKey[]
}

/** Servers look after none of them then. */
export const UNCHECKED: NonNullable<Plan['settings']> = new Map([['foreign_key_checks', '0']])

/** Undefined where servers do all that there is to do. */
export function touchedKeys(
  ast: Insert | Update | Delete | Load,
  table: Table,
  context: PlanContext,
): TouchedKeys | undefined {
  const { foreignKeys } = table
  if (foreignKeys === undefined || hasChecksOff(ast, context)) return undefined
  const isMoved = mayMove(ast, table)
  if (foreignKeys.byServers && foreignKeys.problem === undefined && !isMoved) return undefined
  const touched = keysOf(ast, table)
  // To servers a row that moves is a new one.
  return touched.own.length + touched.toIt.length === 0 && !isMoved ? undefined : touched
}

function mayMove(ast: Insert | Update | Delete | Load, table: Table): boolean {
  if (ast.kind === 'Insert') return refusalOfUpsert(ast, table) !== undefined
  return ast.kind === 'Update' && changedVindexes(ast, table).moves
}

function keysOf(ast: Insert | Update | Delete | Load, table: Table): TouchedKeys {
  const { own, toIt } = table.foreignKeys!
  switch (ast.kind) {
    case 'Update': {
      const isChanged = (name: string) => mayChange(ast, name, table)
      return {
        own: own.filter(({ columns }) => columns.some(isChanged)),
        toIt: toIt.filter(({ parentColumns }) => parentColumns.some(isChanged)),
      }
    }
    case 'Delete':
      // A row that refers to itself is in its own way.
      return { own: toIt.filter(isSelfReferring), toIt }
    case 'Load':
      return { own, toIt: ast.reading?.duplicates === 'REPLACE' ? toIt : [] }
    default:
      return { own, toIt: ast.verb === 'REPLACE' || ast.onDuplicate !== undefined ? toIt : [] }
  }
}

/** The session's, or what the statement says for itself. */
function hasChecksOff(ast: Insert | Update | Delete | Load, context: PlanContext): boolean {
  const hint = ownChecks(ast, context)
  return hint === undefined ? context.foreignKeyChecks === false : /^(?:0|off)$/i.test(hint)
}

/** What a hint sets them to. */
function ownChecks(ast: Insert | Update | Delete | Load, context: PlanContext): string | undefined {
  if (!('hints' in ast) || isOfMariaDb(context)) return undefined
  return SET_VAR.exec(ast.hints?.join(' ') ?? '')?.[1]
}

const SET_VAR = /\bSET_VAR\s*\(\s*foreign_key_checks\s*=\s*'?(\w+)'?\s*\)/i

/** Whoever has the table alone can do it, or only with those that refer to it. Throws for foreign keys that nobody can look after. */
export function refusalOfForeignKeys(
  ast: Insert | Update | Delete | Load,
  table: Table,
  context: PlanContext,
): Refusal | undefined {
  const touched = touchedKeys(ast, table, context)
  if (touched === undefined) return undefined
  const verb = ast.kind === 'Insert' ? ast.verb : ast.kind === 'Load' ? 'LOAD DATA' : ast.kind.toUpperCase()
  const { problem } = table.foreignKeys!
  if (problem !== undefined) throw new SqlError('ER_UNKNOWN_ERROR', problem)
  return refused(`${verb} of table '${table.name}', whose foreign keys are of several shards`)
}

/** What the proxy does about foreign keys of rows that change. */
export function fedKeys(
  ast: Insert | Update | Delete,
  table: Table,
  context: PlanContext,
): FedKeys | undefined | Refusal {
  const touched = touchedKeys(ast, table, context)
  // Shards would look.
  if (touched !== undefined && ownChecks(ast, context) !== undefined)
    return refused('SET_VAR(foreign_key_checks) that sets them on')
  const checked = touched && checkedKeys(touched, table, context)
  if (checked === undefined || isRefusal(checked)) return checked
  const own = columnsOfKeys(checked.own, table, ({ columns }) => columns)
  if (isRefusal(own)) return own
  const toIt = columnsOfKeys(checked.toIt, table, ({ parentColumns }) => parentColumns)
  return isRefusal(toIt) ? toIt : { own, toIt }
}

export interface FedKeys {
  readonly own: readonly KeyColumns[]
  readonly toIt: readonly KeyColumns[]
}

/** Refused where what it takes is not to be had. */
function checkedKeys(touched: TouchedKeys, table: Table, context: PlanContext): TouchedKeys | Refusal {
  if (table.live?.hasTriggers === true)
    return refused(`writing table '${table.name}', which has triggers and foreign keys of several shards,`)
  for (const key of touched.toIt) {
    const found = context.vschema.findTable(key.keyspace, key.child, 'primary')
    if (found.kind !== 'found' || found.table.isTemporary === true)
      return refused(
        `writing table '${table.name}' while table '${key.child}', which refers to it, is hidden by a temporary one or disabled,`,
      )
    if (found.table.live?.hasTriggers === true && !isSelfReferring(key))
      return refused(
        `writing table '${table.name}', to which table '${key.child}' refers, which has triggers,`,
      )
  }
  for (const key of touched.own) {
    const found = context.vschema.findTable(key.keyspace, key.parent, 'primary')
    if (found.kind !== 'found' || found.table.isTemporary === true)
      return refused(
        `writing table '${table.name}' while table '${key.parent}', to which it refers, is hidden by a temporary one or disabled,`,
      )
  }
  return touched
}

export interface KeyColumns {
  readonly key: ForeignKey
  /** Of the table that is written. */
  readonly columns: readonly Column[]
}

/** The columns of each; refused where values of one have no exact literals. */
function columnsOfKeys(
  keys: readonly ForeignKey[],
  table: Table,
  columnsOf: (key: ForeignKey) => readonly string[],
): readonly KeyColumns[] | Refusal {
  return eachOrRefusal(keys, (key): KeyColumns | Refusal => {
    const columns = eachOrRefusal(columnsOf(key), (name) => {
      const column = liveColumn(table, name)
      return column !== undefined && isNameable(column)
        ? column
        : refused(`foreign key '${key.name}', whose column '${name}' has no exact literals,`)
    })
    return isRefusal(columns) ? columns : { key, columns }
  })
}

/** Where rows have the columns, of which there are `before` others in front. */
export function keptKeys(keys: readonly KeyColumns[], columns: Column[]): readonly KeptForeignKey[] {
  return keys.map(({ key, columns: own }) => {
    const before = columns.length
    columns.push(...own)
    return { key, columns: own.map((_, i) => before + i) }
  })
}
