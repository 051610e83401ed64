import type { Condition } from '../errors/condition.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { SendWrite } from '../plan/write-primitives.ts'
import type { BoundQuery } from './bindings.ts'
import { isOfTheText, mergeConditions } from './merge-conditions.ts'
import type { OkOutcome } from './outcome.ts'
import type { RunContext } from './run-context.ts'
import type { ShardPort, ToldConditions, WriteAnswer } from './shard-port.ts'
import { sumInfo } from './sum-info.ts'

/** UPDATE, DELETE and their kin on several shards: the sum of what they did. */
export async function runWrite(
  write: SendWrite,
  { shards, query }: { readonly shards: readonly number[]; readonly query: BoundQuery },
  { port }: RunContext,
): Promise<OkOutcome> {
  const { keyspace } = write.routing
  const writes = shards.map((shard) => ({ keyspace, shard, query }))
  const isJudged = write.setsInsertId === true && write.replicated !== true
  const answers = await port.write(writes, isJudged ? checkOneInsertId : undefined)
  // Copies of one table do all the same: the first speaks for them.
  return sumAnswers(write.replicated === true ? answers.slice(0, 1) : answers, port)
}

/** Of rows on several shards nobody knows which one server would have come to last. */
function checkOneInsertId(answers: readonly WriteAnswer[]): void {
  if (answers.filter(({ lastInsertId }) => lastInsertId !== 0).length < 2) return
  throw notSupported('LAST_INSERT_ID(expr) with rows of several shards')
}

/** The shards' answers as one server would put them; the first one's insert id is taken. `ordered`: of an INSERT, their conditions in order. */
export function sumAnswers(
  answers: readonly WriteAnswer[],
  port: Pick<ShardPort, 'isInCondition' | 'saysNullsOnce'>,
  ordered?: readonly Condition[],
): OkOutcome {
  const all = answers.map(({ conditions }) => conditions)
  const saysNullsOnce = ordered !== undefined && port.saysNullsOnce
  const isInCondition = (text: string) => port.isInCondition(text)
  const statement = { isQuery: false, isInCondition, saysNullsOnce }
  const conditions = mergeConditions(all, statement, ordered)
  const repeated = all.flat().length - conditions.length
  const warnings = answers.reduce((sum, answer) => sum + answer.warnings, 0) - repeated
  const info = sumInfo(answers.map((answer) => answer.info))
  return {
    affectedRows: answers.reduce((sum, { affectedRows }) => sum + BigInt(affectedRows), 0n),
    lastInsertId: answers.find(({ lastInsertId }) => lastInsertId !== 0)?.lastInsertId ?? 0,
    warnings,
    info: infoWith(info, warnings),
    conditions: conditions.slice(0, keptOf(answers)),
    bringsIds: false,
  }
}

/** The outcome of a statement that has been told of conditions before it wrote anything. */
export function behind({ conditions, count }: ToldConditions, outcome: OkOutcome): OkOutcome {
  const said = new Set(conditions.map(({ message }) => message))
  // What was deprecated in the query is so in the statement that shards get.
  const more = outcome.conditions.filter(({ code, message }) => !(isOfTheText(code) && said.has(message)))
  const warnings = count + outcome.warnings - (outcome.conditions.length - more.length)
  return {
    ...outcome,
    warnings,
    info: infoWith(outcome.info, warnings),
    conditions: [...conditions, ...more],
  }
}

function infoWith(info: string, warnings: number): string {
  return info.replace(/Warnings: \d+$/, `Warnings: ${warnings}`)
}

/** max_error_count, as far as a shard shows it: by keeping less than it has counted. */
function keptOf(answers: readonly WriteAnswer[]): number {
  const cut = answers.filter(({ warnings, conditions }) => conditions.length < warnings)
  return Math.min(...cut.map(({ conditions }) => conditions.length), Number.POSITIVE_INFINITY)
}
