import type { SendWrite } from '../plan/primitives.ts'
import type { BoundQuery } from './bindings.ts'
import { mergeConditions } from './merge-conditions.ts'
import type { OkOutcome } from './outcome.ts'
import type { RunContext } from './run.ts'
import type { WriteAnswer } from './shard-port.ts'
import { sumInfo } from './sum-info.ts'

/** UPDATE, DELETE and their kin on several shards: the sum of what they did. */
export async function runWrite(
  write: SendWrite,
  { shards, query }: { readonly shards: readonly number[]; readonly query: BoundQuery },
  { port }: RunContext,
): Promise<OkOutcome> {
  const { keyspace } = write.routing
  const answers = await port.write(shards.map((shard) => ({ keyspace, shard, query })))
  // Copies of one table do all the same: the first speaks for them.
  return sumAnswers(write.replicated === true ? answers.slice(0, 1) : answers)
}

/** The shards' answers as one server would put them; the first one's insert id is taken. */
export function sumAnswers(answers: readonly WriteAnswer[]): OkOutcome {
  const all = answers.map(({ conditions }) => conditions)
  const conditions = mergeConditions(all)
  const repeated = all.flat().length - conditions.length
  return {
    affectedRows: answers.reduce((sum, { affectedRows }) => sum + BigInt(affectedRows), 0n),
    lastInsertId: answers.find(({ lastInsertId }) => lastInsertId !== 0)?.lastInsertId ?? 0,
    warnings: answers.reduce((sum, { warnings }) => sum + warnings, 0) - repeated,
    info: sumInfo(answers.map(({ info }) => info)),
    conditions,
    bringsIds: false,
  }
}
