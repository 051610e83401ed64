import type { Condition } from '../errors/condition.ts'
import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { DdlObject, RunDdl } from '../plan/write-primitives.ts'
import { quoteName } from '../values/sql-literal.ts'
import { bindQuery } from './bind.ts'
import { notThere } from './foreign-keys.ts'
import { definedLike } from './like-elsewhere.ts'
import { shardsMet } from './met-shards.ts'
import type { OkOutcome } from './outcome.ts'
import type { RunContext } from './run-context.ts'
import type { WriteAnswer } from './shard-port.ts'
import type { ShardsView } from './shards-view.ts'
import { sumInfo } from './sum-info.ts'

/**
 * DDL on all shards at once. MySQL cannot roll DDL back, so a statement that some shards refuse is half done: its error tells
 * what each has made of it, and where `isRepeatable` it may be repeated. Shards that have the change already refuse the
 * repetition (`CHANGED_ALREADY`); where the others carry it out, and all define the objects alike then, it is done. For that to
 * be true no two sessions may be at the same objects (`exclusively`): the later one finds them changed on all shards, and is
 * refused as by one server.
 */
export async function runDdl(ddl: RunDdl, context: RunContext): Promise<OkOutcome> {
  const { bindings, shards, port } = context
  if (ddl.implicitCommit) await port.commit()
  const own = await definedLike(ddl, context)
  const run = async () => outcomeOf(own, await runOnShards(own, context), context)
  const names = ddl.objects.map(({ name }) => name)
  const isOnOne = shardsMet(ddl.routing, bindings, shards).length === 1
  const outcome = isOnOne ? await run() : await port.exclusively(ddl.keyspace, names, run)
  return ddl.then === undefined ? outcome : await inTurn(ddl, outcome, ddl.then, context)
}

/** The statement of another keyspace behind one that is done. */
async function inTurn(ddl: RunDdl, done: OkOutcome, then: RunDdl, context: RunContext): Promise<OkOutcome> {
  try {
    const { conditions, warnings, ...outcome } = await runDdl(then, context)
    return {
      ...outcome,
      warnings: done.warnings + warnings,
      conditions: [...done.conditions, ...conditions],
    }
  } catch (error) {
    const { keyspace, objects, undoneBy } = ddl
    const { bindings, shards } = context
    const met = shardsMet(ddl.routing, bindings, shards).map((shard) => ({ shard, name: '' }))
    if (undoneBy !== undefined && (await takeBack(ddl, met, context))) throw error
    const names = objects.map(({ name }) => `${keyspace}.${name}`).join(', ')
    throw withMessage(error, `${messageOf(error)} (${names}: done already)`)
  }
}

interface OfShard {
  readonly shard: number
  /** Of the shard. */
  readonly name: string
}
export type Done = OfShard & { readonly answer: WriteAnswer }
type Refused = OfShard & { readonly error: unknown }

/** Throws where the statement is not done on all of them. */
export async function runOnShards(ddl: RunDdl, context: RunContext): Promise<readonly Done[]> {
  const { bindings, shards, port } = context
  const met = shardsMet(ddl.routing, bindings, shards)
  const { keyspace } = ddl
  const query = bindQuery(ddl.query, bindings)
  const names = shards.shardsOf(keyspace).map(({ name }) => name)
  await checkAddedKeys(ddl, context)
  const runs = met.map((shard) => port.outside({ keyspace, shard, query }))
  const checked = await Promise.allSettled(runs.map((run) => run()))
  const settled = await Promise.all(
    checked.map((result, i) => {
      const write = { keyspace, shard: met[i]!, query }
      return ddl.unchecked ? again(result, port.outside(write, { foreignKeyChecks: false })) : result
    }),
  )
  await port.schemaChanged(keyspace, ddl.tables)
  const results = settled.map((result, i): Done | Refused => {
    const where = { shard: met[i]!, name: names[met[i]!]! }
    return result.status === 'fulfilled'
      ? { ...where, answer: result.value }
      : { ...where, error: result.reason }
  })
  const done = results.filter(isDone)
  const refused = results.filter((result): result is Refused => !isDone(result))
  if (refused.length === 0) return done
  if (ddl.undoneBy !== undefined && done.length > 0 && (await takeBack(ddl, done, context)))
    throw refused[0]!.error
  if (done.length > 0 && refused.every(hasAlready) && (await areAlike(ddl, met, context))) return done
  throw refusal(ddl, done, refused)
}

/** Whatever has ended the statement meanwhile. False where a shard keeps what it has. */
export async function takeBack(
  { keyspace, undoneBy, tables }: RunDdl,
  done: readonly OfShard[],
  { port }: RunContext,
): Promise<boolean> {
  const query = { kind: 'Text', sql: undoneBy!, params: [] } as const
  const drops = done.map(({ shard }) => port.outside({ keyspace, shard, query }, { isUndo: true })())
  const settled = await Promise.allSettled(drops)
  await port.schemaChanged(keyspace, tables)
  return settled.every(({ status }) => status === 'fulfilled')
}

/**
 * Throws where rows refer to what is nowhere by a key that the statement adds: before anything is done, for shards without such rows
 * would do it.
 */
async function checkAddedKeys({ unchecked = [] }: RunDdl, context: RunContext): Promise<void> {
  for (const { key, orphans } of unchecked)
    if ((await context.port.own.rows(orphans)).length > 0) throw notThere(key, context)
}

/** A shard that has not found what its rows refer to does it without looking. */
async function again(
  result: PromiseSettledResult<WriteAnswer>,
  run: () => Promise<WriteAnswer>,
): Promise<PromiseSettledResult<WriteAnswer>> {
  return isNotFound(result) ? (await Promise.allSettled([run()]))[0] : result
}

function isNotFound(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  const { reason } = result as PromiseRejectedResult
  return reason instanceof ServerError && reason.errno === ER_NO_REFERENCED_ROW_2
}

const ER_NO_REFERENCED_ROW_2 = 1452

function isDone(result: Done | Refused): result is Done {
  return 'answer' in result
}

/** Errors by which a server says that what was to be made is there, or what was to be changed or dropped is not. */
const CHANGED_ALREADY: ReadonlySet<number> = new Set([
  ...[1050, 1051, 1146, 4092], // tables, views
  ...[1054, 1060, 1091], // columns, and whatever else an ALTER TABLE drops
  ...[1061, 1068, 1176, 1826, 3821, 3822, 3940], // keys and constraints
  ...[1507, 1517], // partitions
  ...[1304, 1305, 1359, 1360, 1537, 1539], // programs
])

function hasAlready({ error }: Refused): boolean {
  return error instanceof ServerError && CHANGED_ALREADY.has(error.errno)
}

/** All shards have the same definitions of the objects, or none. */
async function areAlike(
  { keyspace, objects }: RunDdl,
  met: readonly number[],
  { port }: RunContext,
): Promise<boolean> {
  const ofShards = await Promise.all(
    met.map((shard) => Promise.all(objects.map((object) => port.definition(keyspace, shard, object)))),
  )
  return new Set(ofShards.map((definitions) => JSON.stringify(definitions))).size === 1
}

/** Each shard's own where none has changed; else with what each has made of it. */
function refusal(
  { keyspace, isRepeatable }: RunDdl,
  done: readonly Done[],
  refused: readonly Refused[],
): unknown {
  const already = refused.filter(hasAlready)
  // Those that say more than that they were changed before.
  const [first, ...others] = already.length < refused.length ? refused.filter((r) => !hasAlready(r)) : refused
  const changed = [...done, ...(first !== undefined && hasAlready(first) ? [] : already)]
  const { error } = first!
  if (changed.length === 0) return error
  const failed = [first!, ...others].map(({ name }) => name).join(', ')
  const way = isRepeatable
    ? `repeat the statement when nothing is in its way, which leaves ${changed.length > 1 ? 'those' : 'that'} as it is`
    : `make it on the others alone, USE \`${keyspace}:${first!.name}\`: where it is done it would be done twice`
  const where = `on shard ${failed} of keyspace ${keyspace}; shard ${changed.map(({ name }) => name).join(', ')} has the change`
  const message = `${messageOf(error)} (${where}: ${way})`
  return withMessage(error, message)
}

export function withMessage(error: unknown, message: string): Error {
  if (!(error instanceof ServerError)) return new SqlError('ER_UNKNOWN_ERROR', message, { cause: error })
  const { errno, sqlState } = error
  return new ServerError({ errno, sqlState, message })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What one server would have answered that has all the rows. */
export function outcomeOf(ddl: RunDdl, done: readonly Done[], { shards }: RunContext): OkOutcome {
  // Every shard has all rows of a reference table.
  const counted = (ddl.countsOnce ? done.slice(0, 1) : done).map(({ answer }) => answer)
  const conditions = [...toldOnce(ddl.keyspace, done, shards), ...ddl.unnamed.map(unnamedWarning)]
  const most = Math.max(...done.map(({ answer }) => answer.warnings))
  return {
    affectedRows: counted.reduce((sum, { affectedRows }) => sum + BigInt(affectedRows), 0n),
    lastInsertId: 0,
    warnings: Math.max(most, conditions.length),
    info: sumInfo(counted.map(({ info }) => info)).replace(/(?<=Warnings: )\d+/, String(most)),
    conditions,
    bringsIds: false,
  }
}

/** What several shards say is said as often as one of them says it: they have the same definitions. */
function toldOnce(keyspace: string, done: readonly Done[], shards: ShardsView): readonly Condition[] {
  const told = new Map<string, number>()
  return done.flatMap(({ shard, answer }) => {
    const database = shards.databaseOf(keyspace, shard)
    const ofShard = new Map<string, number>()
    return answer.conditions.filter(({ code, message }) => {
      const text = `${code} ${message.replaceAll(database, keyspace)}`
      const count = (ofShard.get(text) ?? 0) + 1
      ofShard.set(text, count)
      if (count <= (told.get(text) ?? 0)) return false
      told.set(text, count)
      return true
    })
  })
}

function unnamedWarning({ keyspace, table }: RunDdl['unnamed'][number]): Condition {
  return {
    level: 'Warning',
    code: 1105,
    message:
      `Table '${keyspace}.${table}' is on every shard now, but in no VSchema, so that no statement finds it: say where its rows are ` +
      `(ALTER VSCHEMA ON ${table} ADD VINDEX), or drop it and set default_unsharded_keyspace, in which such tables are made then`,
  }
}

/** How a server is asked for the definition of an object, and in which column of its answer it stands. */
export function definitionQuestion({ kind, name }: DdlObject): {
  readonly sql: string
  readonly column: number
} {
  const sql = `SHOW CREATE ${kind} ${quoteName(name)}`
  return { sql, column: kind === 'TABLE' ? 1 : kind === 'EVENT' ? 3 : 2 }
}
