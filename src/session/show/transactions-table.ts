import type { Condition } from '../../errors/condition.ts'
import type { Literal, Show } from '../../sql/ast.ts'
import { literalValue } from '../../sql/literal-value.ts'
import { listUnresolved, type UnresolvedTransaction } from '../../transaction/unresolved.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { type ShownTable, textTable } from './shown-table.ts'

const COLUMNS: readonly string[] = ['id', 'state', 'record_time', 'participants']

/** SHOW UNRESOLVED TRANSACTIONS [FOR keyspace], SHOW TRANSACTION STATUS [FOR] 'id': as vtgate's. */
export async function transactionsTable(
  { atomic }: Pick<ProxyContext, 'atomic'>,
  show: Show,
  { sees, sqlMode }: { sees(keyspace: string): boolean; readonly sqlMode: number },
): Promise<ShownTable> {
  const { transactions, unasked } = await listUnresolved(atomic)
  const wanted = chosenBy(show, sqlMode)
  const rows = transactions
    .filter((each) => wanted(each) && keyspacesOf(each).every(sees))
    .map(({ id, state, recordedMs, participants }) => [
      id,
      state,
      timeText(recordedMs),
      participants.join(','),
    ])
  const conditions = unasked
    .filter(({ shard }) => sees(keyspaceOf(shard)))
    .map(({ shard, error }) => notAsked(shard, error))
  return { ...textTable(COLUMNS, rows), conditions }
}

function chosenBy(show: Show, sqlMode: number): (transaction: UnresolvedTransaction) => boolean {
  if (show.what === 'TRANSACTION STATUS') {
    const literal = show.pieces.find(
      (piece): piece is Literal => typeof piece === 'object' && piece.kind === 'Literal',
    )
    const id = literal && textOf(literal, sqlMode)
    return (transaction) => id === undefined || transaction.id === id
  }
  const { database } = show
  return (transaction) => database === undefined || keyspacesOf(transaction).includes(database)
}

/** What a string literal says. */
export function textOf({ text }: Literal, sqlMode: number): string {
  return Buffer.from(
    literalValue(text, { type: 'String', start: 0, end: text.length }, sqlMode).bytes,
  ).toString()
}

function keyspacesOf({ participants }: UnresolvedTransaction): readonly string[] {
  return participants.map(keyspaceOf)
}

function keyspaceOf(shard: string): string {
  return shard.slice(0, shard.lastIndexOf('/'))
}

/** UTC, as DATETIME. */
function timeText(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

const ER_UNKNOWN_ERROR = 1105

function notAsked(shard: string, { message }: Error): Condition {
  return { level: 'Warning', code: ER_UNKNOWN_ERROR, message: `${shard} could not be asked: ${message}` }
}
