import type { FollowedColumn, Plan } from '../plan/plan.ts'
import { quoteName } from '../values/sql-literal.ts'
import type { Begun } from './begin-plan.ts'
import type { Bindings } from './bindings.ts'
import { MOST_BROUGHT } from './insert-split.ts'
import { storedInteger } from './integer-value.ts'
import { bindValue } from './plan-value.ts'
import type { RunContext } from './run-context.ts'
import type { ShardsView } from './shards-view.ts'
import { sumAnswers } from './write.ts'

/**
 * A statement that changes columns which sequences number: these are behind what the columns hold then, before it ends. That what has
 * been changed is rolled back afterwards leaves a gap, as it does on one server.
 */
export function following(
  begun: Begun,
  { follows = [] }: Plan,
  bindings: Bindings,
  shards: ShardsView,
): Begun {
  const ahead = follows.filter((column) => mayBeAhead(column, bindings, shards))
  if (ahead.length === 0) return begun
  const run = begun.kind === 'Several' ? begun.run : onOneShard(begun)
  return {
    kind: 'Several',
    writes: 'several times',
    async run(context) {
      const outcome = await run(context)
      if (outcome.kind === 'Ok' && BigInt(outcome.affectedRows) > 0n)
        for (const column of ahead) await follow(column, context)
      return outcome
    },
  }
}

/** Most statements write an id that has been given long ago. */
function mayBeAhead({ value, sequence }: FollowedColumn, bindings: Bindings, shards: ShardsView): boolean {
  const id = value && storedInteger(bindValue(value, bindings))
  return id === undefined || !shards.isIdPassed(sequence.keyspace, sequence.table, id)
}

function onOneShard({ keyspace, shard, query, bringsIds }: Begun & { readonly kind: 'OneShard' }) {
  return async ({ port }: RunContext) => {
    const answers = await port.write([{ keyspace, shard, query }])
    return { kind: 'Ok', ...sumAnswers(answers, port), bringsIds } as const
  }
}

async function follow(
  { keyspace, table, column, sequence }: FollowedColumn,
  { port }: RunContext,
): Promise<void> {
  const from = `${quoteName(keyspace)}.${quoteName(table)}`
  const [row] = await port.own.rows(`SELECT MAX(${quoteName(column)}) FROM ${from}`)
  const [most] = row ?? []
  const id = most === undefined || most.type === 'NULL' ? 0n : (storedInteger(most) ?? 0n)
  if (id > 0n && id < MOST_BROUGHT) await port.passId(sequence.keyspace, sequence.table, id)
}
