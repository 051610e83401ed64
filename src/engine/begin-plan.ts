import { assert } from '../base/assert.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { Plan, Shortcut } from '../plan/plan.ts'
import type { RowsPrimitive } from '../plan/primitives.ts'
import type {
  ChosenWrite,
  LoadFile,
  SelectedInsert,
  SendWrite,
  SplitInsert,
} from '../plan/write-primitives.ts'
import { bindQuery } from './bind.ts'
import type { Bindings, BoundQuery } from './bindings.ts'
import { bringsIds } from './brought-ids.ts'
import { runChosenWrite } from './chosen-write.ts'
import { describedAs } from './conform.ts'
import { runDdl } from './ddl.ts'
import { writeOverCopies } from './federate.ts'
import { following } from './followed-ids.ts'
import { isWhole, runInsert } from './insert.ts'
import { mayTakeRounds, roundsOf } from './insert-rounds.ts'
import { rowsOf } from './insert-rows.ts'
import { InsertSplit } from './insert-split.ts'
import { runLoadFile } from './load/load-file.ts'
import { runStagedLoad } from './load/staged-load.ts'
import { shardsMet } from './met-shards.ts'
import type { OkOutcome, Outcome } from './outcome.ts'
import { insertReadCells } from './read-cells.ts'
import { anyShardIndex, resolveRouting } from './resolve.ts'
import { answering, insertReturning, runWriteReturning } from './returning.ts'
import { runPrimitive } from './run.ts'
import type { RunContext } from './run-context.ts'
import { runSelectedInsert } from './selected-insert.ts'
import type { ShardsView } from './shards-view.ts'
import { inDatabase, keyspaceAskedFor } from './system-schema.ts'
import { hasUntoldCells, withToldCells } from './told-cells.ts'
import { runWrite } from './write.ts'

/** A plan with its values: the shards are known, nothing has been sent. */
export type Begun =
  /** One shard answers the whole statement: its answer may be relayed as it comes. */
  | {
      readonly kind: 'OneShard'
      /** '' stands for any, as in `ShardsView`. */
      readonly keyspace: string
      /** Position in the keyspace's shards. */
      readonly shard: number
      readonly query: BoundQuery
      /** The id in its OK is one that the statement brought itself: LAST_INSERT_ID() stays as it was. */
      readonly bringsIds: boolean
    }
  | {
      readonly kind: 'Several'
      run(context: RunContext): Promise<Outcome>
      /** It asks first and writes then, in one transaction; `several`: what it has written before one fails is undone. */
      readonly writes?: 'once' | 'several times'
    }

/**
 * Resolves where a plan goes in this execution. Synchronous, for most statements go to one shard and no promise should
 * stand between their bytes and its socket. Throws SqlError for values that the statement cannot have, and 1235 for what is
 * not planned.
 */
export function beginPlan(plan: Plan, bindings: Bindings, shards: ShardsView): Begun {
  const begun = following(beginRoot(plan, bindings, shards), plan, bindings, shards)
  if (begun.kind === 'Several' && plan.onOneShard !== undefined)
    throw notSupported(`${plan.onOneShard}, over several shards`)
  return begun
}

function beginRoot({ root, shortcut }: Plan, bindings: Bindings, shards: ShardsView): Begun {
  switch (root.kind) {
    case 'Write':
      return beginWrite(root, bindings, shards)
    case 'ChosenWrite':
    case 'SelectedInsert':
      return beginReading(root)
    case 'Insert':
      return beginInsert(root, bindings, shards)
    case 'LoadFile':
      return beginLoad(root, bindings, shards)
    case 'StagedLoad':
      return {
        ...several(async (context) => ok(await runStagedLoad(root, context))),
        writes: 'several times',
      }
    case 'Ddl':
      return several(async (context) => ok(await runDdl(root, context)))
    case 'WriteOverCopies':
      return several(async (context) => ok(await writeOverCopies(root, context, runPrimitive)))
    default: {
      assert(
        root.kind !== 'Session' && root.kind !== 'LockTables' && root.kind !== 'CreateSelected',
        'the session answers its own statements',
      )
      const one = shortcut === undefined ? undefined : onlyShard(shortcut, bindings, shards)
      if (one !== undefined) return one
      return several((context) => runRows(root, context))
    }
  }
}

/** Rows in the columns of the whole statement. */
async function runRows(root: RowsPrimitive, context: RunContext): Promise<Outcome> {
  const stream = await runPrimitive(root, context)
  const { columns } = context
  const isTold = columns === undefined || root.kind === 'Concatenate'
  return { kind: 'Rows', stream: isTold ? stream : describedAs(stream, columns) }
}

/** Undefined where the shortcut meets several shards. */
function onlyShard(shortcut: Shortcut, bindings: Bindings, shards: ShardsView): Begun | undefined {
  const { routing, query } = shortcut
  const keyspace = keyspaceAskedFor(routing, bindings, shards)
  const resolved = resolveRouting(routing, bindings, shards.shardsOf)
  if (typeof resolved !== 'number') return undefined
  const shard =
    resolved === anyShardIndex ? shards.pick(keyspace, shards.shardsOf(keyspace).length) : resolved
  const bound =
    routing.kind === 'SystemSchema'
      ? inDatabase(query, routing, bindings, { keyspace, database: shards.databaseOf(keyspace, shard) })
      : bindQuery(query, bindings)
  return { kind: 'OneShard', keyspace, shard, query: bound, bringsIds: false }
}

function beginWrite(write: SendWrite, bindings: Bindings, shards: ShardsView): Begun {
  const { keyspace } = write.routing
  const met = shardsMet(write.routing, bindings, shards)
  const query = bindQuery(write.query, bindings)
  const { counted } = write
  if (met.length === 1) {
    const brings = counted !== undefined && bringsIds(counted, bindings, shards.insertMode)
    return { kind: 'OneShard', keyspace, shard: met[0], query, bringsIds: brings }
  }
  if (write.several !== undefined) return beginReading(write.several)
  const { singleShardOnly } = write
  // A server looks at the statement first: it may have something against it.
  if (singleShardOnly !== undefined)
    return several(async () => {
      throw notSupported(`${singleShardOnly} over several shards`)
    })
  if (write.returning === true)
    return {
      ...several((context) => runWriteReturning(write, { shards: met, query }, context)),
      writes: 'several times',
    }
  return several(async (context) => ok(await runWrite(write, { shards: met, query }, context)))
}

function beginReading(write: ChosenWrite | SelectedInsert): Begun {
  if (write.kind === 'SelectedInsert')
    return {
      ...several((context) => runSelectedInsert(write, context)),
      writes: 'several times',
    }
  const begun = several((context) => runChosenWrite(write, context))
  const { assigned, others, upkeep, isWhole, returning } = write
  const isAtOnce = assigned.length === 0 && others === undefined && upkeep === undefined
  const isOne = isAtOnce && !isWhole && !returning
  return { ...begun, writes: isOne ? 'once' : 'several times' }
}

function beginInsert(insert: SplitInsert, bindings: Bindings, shards: ShardsView): Begun {
  const { keyspace, reads } = insert
  if (reads !== undefined)
    return { ...several((context) => insertReadCells(insert, reads, context)), writes: 'several times' }
  const inRounds = mayTakeRounds(keyspace, { bindings, shards })
  const mode = { bindings, shardsOf: shards.shardsOf, ...shards.insertMode, inRounds }
  const source = rowsOf(insert, bindings)
  if (hasUntoldCells(insert, source)) {
    const told = async (context: RunContext) =>
      runSplit(new InsertSplit(insert, mode, await withToldCells(insert, source, context)), context)
    return { ...several(told), writes: 'several times' }
  }
  const split = new InsertSplit(insert, mode, source)
  const onSeveral = (): Begun & { readonly kind: 'Several' } => {
    const begun = several((context) => runSplit(split, context))
    return insert.returning === undefined && !inRounds ? begun : { ...begun, writes: 'several times' }
  }
  if (insert.entered !== undefined) return { ...onSeveral(), writes: 'several times' }
  // Whether LAST_INSERT_ID(expr) has been come to, the answer alone tells.
  const mayMeet = insert.setsInsertId === true && insert.tail.length > 0
  if (split.idsNeeded > 0 || bringsAhead(split, shards) || mayMeet) return onSeveral()
  const bound = split.bind([])
  const { inserts } = bound
  if (!isWhole(bound) || roundsOf(bound, split, { bindings, shards }).length > 1) return onSeveral()
  const [{ shard, query }] = inserts
  const isSet = insert.setsInsertId === true || split.shardsDraw
  return { kind: 'OneShard', keyspace, shard, query, bringsIds: !isSet }
}

async function runSplit(split: InsertSplit, context: RunContext): Promise<Outcome> {
  return split.plan.returning === undefined
    ? ok(await runInsert(split, context))
    : answering(await insertReturning(split, context))
}

/** A row brings an id that the sequence is not known to be behind. */
function bringsAhead({ broughtId, plan: { autoIncrement } }: InsertSplit, shards: ShardsView): boolean {
  if (broughtId === 0n || autoIncrement === undefined) return false
  const { keyspace, table } = autoIncrement.sequence
  return !shards.isIdPassed(keyspace, table, broughtId)
}

/** Numbers of a sequence are in no file: they are written into its lines. */
function beginLoad(load: LoadFile, bindings: Bindings, shards: ShardsView): Begun {
  const { keyspace, autoIncrement, whole } = load
  const isOne = shards.shardsOf(keyspace).length === 1 && autoIncrement === undefined
  if (isOne)
    return { kind: 'OneShard', keyspace, shard: 0, query: bindQuery(whole, bindings), bringsIds: false }
  return { ...several(async (context) => ok(await runLoadFile(load, context))), writes: 'several times' }
}

function several(run: (context: RunContext) => Promise<Outcome>): Begun & { readonly kind: 'Several' } {
  return { kind: 'Several', run }
}

function ok(outcome: OkOutcome): Outcome {
  return { kind: 'Ok', ...outcome }
}
