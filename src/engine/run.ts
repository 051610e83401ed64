import { unreachable } from '../base/assert.ts'
import { notSupported, SqlError } from '../errors/sql-error.ts'
import type {
  AggregateColumn,
  AggregateRows,
  ConcatenateRows,
  LimitRows,
  RowsPrimitive,
  SortRows,
  Unsupported,
} from '../plan/primitives.ts'
import { AggregateStream } from './aggregate.ts'
import type { Bindings } from './bindings.ts'
import { concatenateInputs } from './concatenate.ts'
import { distinctRows } from './distinct.ts'
import { federate } from './federate.ts'
import { filterRows } from './filter.ts'
import { withoutIncompleteDates } from './incomplete-dates.ts'
import { joinRows } from './join.ts'
import { limitRows } from './limit.ts'
import { bindRowCount, rowCountNumber } from './plan-value.ts'
import { pullOut } from './pull-out.ts'
import { closeOnFailure, runRoute } from './route.ts'
import type { RowStream } from './row-stream.ts'
import type { RunContext } from './run-context.ts'
import { nextFromSequence } from './sequence.ts'
import { Sort } from './sort.ts'
import { inTemporary } from './temporary-rows.ts'
import { dropColumns } from './truncate.ts'

/**
 * Starts the plan: sends its queries and answers the stream of the result. The caller reads and closes it. When
 * starting fails, whatever was open is closed first.
 */
export async function runPrimitive(node: RowsPrimitive, context: RunContext): Promise<RowStream> {
  switch (node.kind) {
    case 'Route':
      return runRoute(node, context)
    case 'Limit': {
      const bounds = limitBounds(node, context.bindings)
      return above(node.input, context, (input) => limitRows(input, bounds))
    }
    case 'Aggregate':
      return aggregateRows(node, context)
    case 'Distinct':
      return inTemporary(await runPrimitive(node.input, context), context, (input) =>
        distinctRows(input, node.keys),
      )
    case 'Sort':
      return sortRows(node, context)
    case 'Filter':
      return above(node.input, context, (input) => filterRows(input, node.predicate, context.bindings))
    case 'Truncate':
      return above(node.input, context, (input) => dropColumns(input, node.drop))
    case 'Concatenate':
      return inTemporary(await concatenated(node, context), context, (input) => input)
    case 'Join':
      return joinRows(node, context)
    case 'PullOut':
      return pullOut(node, context, runPrimitive)
    case 'Sequence':
      return nextFromSequence(node, context)
    case 'Federate':
      return federate(node, context, runPrimitive)
    case 'Unsupported':
      return Promise.reject(errorOfUnsupported(node))
    default:
      return unreachable(node)
  }
}

/** 1235, or that there is no such table. */
export function errorOfUnsupported({ construct, missing }: Unsupported): SqlError {
  if (missing === undefined) return notSupported(construct)
  return new SqlError('ER_NO_SUCH_TABLE', `Table '${missing.keyspace}.${missing.table}' doesn't exist`)
}

/** Without groups and distinct values one server needs no temporary table. */
async function aggregateRows(node: AggregateRows, context: RunContext): Promise<RowStream> {
  const { groupBy, aggregates } = node
  const make = (input: RowStream) => new AggregateStream(input, node)
  if (groupBy.length === 0 && !aggregates.some(isOfDistinct)) return above(node.input, context, make)
  return inTemporary(await runPrimitive(node.input, context), context, make)
}

function isOfDistinct({ kind }: AggregateColumn): boolean {
  return kind === 'CountDistinct' || kind === 'SumDistinct' || kind === 'AvgDistinct'
}

async function concatenated({ inputs }: ConcatenateRows, context: RunContext): Promise<RowStream> {
  if (context.kept !== true)
    return concatenateInputs(
      inputs.map((input) => () => runPrimitive(input, context)),
      context.columns,
    )
  // What shards keep may be read at any time, and is to be what it was when the statement began.
  const streams: RowStream[] = []
  try {
    for (const input of inputs) streams.push(await runPrimitive(input, context))
  } catch (error) {
    await closeAll(streams)
    throw error
  }
  const opens = streams.map((stream) => async () => stream)
  return concatenateInputs(opens, context.columns, () => closeAll(streams))
}

async function closeAll(streams: readonly RowStream[]): Promise<void> {
  await Promise.allSettled(streams.map((stream) => stream.close()))
}

/** Joined rows may be more than there is memory for: another plan answers these as well. */
async function sortRows({ input, keys }: SortRows, context: RunContext): Promise<RowStream> {
  const joined = await runPrimitive(input, context)
  const rows = input.kind === 'Join' ? withoutIncompleteDates(joined, { zero: true }) : joined
  const sort = await closeOnFailure([rows], () => new Sort(rows, keys, context.memory))
  if (!isJoined(input)) return sort
  try {
    await sort.load()
  } catch (error) {
    await sort.close()
    throw error
  }
  return sort
}

function isJoined(node: RowsPrimitive): boolean {
  return node.kind === 'Join' || ('input' in node && isJoined(node.input))
}

async function above(
  below: RowsPrimitive,
  context: RunContext,
  make: (input: RowStream) => RowStream,
): Promise<RowStream> {
  const input = await runPrimitive(below, context)
  return closeOnFailure([input], () => make(input))
}

/** Before LIMIT 0 MariaDB looks at no row; MySQL does at those that OFFSET leaves out, and FOUND_ROWS() tells. */
function limitBounds(limit: LimitRows, bindings: Bindings): { offset: number; count: number } {
  const { count: planned, offset: plannedOffset } = limit
  const count =
    planned === undefined ? Number.POSITIVE_INFINITY : rowCountNumber(bindRowCount(planned, bindings))
  const offset = plannedOffset === undefined ? 0 : rowCountNumber(bindRowCount(plannedOffset, bindings))
  return { count, offset: count === 0 && bindings.isMariadb ? 0 : offset }
}
