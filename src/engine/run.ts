import { unreachable } from '../base/assert.ts'
import type { ByteBudget } from '../base/byte-budget.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { LimitRows, Route, RowsPrimitive } from '../plan/primitives.ts'
import { AggregateStream } from './aggregate.ts'
import { alikeStreams } from './alike-streams.ts'
import { bindQuery } from './bind.ts'
import type { Bindings } from './bindings.ts'
import { concatenateInputs } from './concatenate.ts'
import { distinctRows } from './distinct.ts'
import { filterRows } from './filter.ts'
import { Gather } from './gather.ts'
import { limitRows } from './limit.ts'
import { MergeSort } from './merge-sort.ts'
import { shardsMet } from './met-shards.ts'
import { bindRowCount, rowCountNumber } from './plan-value.ts'
import type { RowFormat, RowStream, StreamColumn } from './row-stream.ts'
import { nextFromSequence } from './sequence.ts'
import type { ShardPort } from './shard-port.ts'
import type { ShardsView } from './shards-view.ts'
import { Sort } from './sort.ts'
import { keyspaceAskedFor } from './system-schema.ts'
import { dropColumns } from './truncate.ts'

/** What a plan needs to run once. */
export interface RunContext {
  readonly bindings: Bindings
  readonly shards: ShardsView
  readonly port: ShardPort
  /** The client's protocol, for rows that no shard sends; shards' rows come in the same by the port's doing. */
  readonly format: RowFormat
  /** What the session may hold: sorted rows. */
  readonly memory: ByteBudget
  /** Columns of the answer where MySQL has told them (`Plan.judged`). */
  readonly columns?: readonly StreamColumn[] | undefined
}

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
      return above(node.input, context, (input) => new AggregateStream(input, node))
    case 'Distinct':
      return above(node.input, context, (input) => distinctRows(input, node.keys))
    case 'Sort':
      return above(node.input, context, (input) => new Sort(input, node.keys, context.memory))
    case 'Filter':
      return above(node.input, context, (input) => filterRows(input, node.predicate, context.bindings))
    case 'Truncate':
      return above(node.input, context, (input) => dropColumns(input, node.drop))
    case 'Concatenate':
      return concatenateInputs(
        node.inputs.map((input) => () => runPrimitive(input, context)),
        context.columns,
      )
    case 'Sequence':
      return nextFromSequence(node, context)
    case 'Unsupported':
      throw notSupported(node.construct)
    default:
      return unreachable(node)
  }
}

async function above(
  below: RowsPrimitive,
  context: RunContext,
  make: (input: RowStream) => RowStream,
): Promise<RowStream> {
  const input = await runPrimitive(below, context)
  return closeOnFailure([input], () => make(input))
}

async function runRoute(route: Route, context: RunContext): Promise<RowStream> {
  const { bindings, port } = context
  const keyspace = keyspaceAskedFor(route.routing, bindings, context.shards)
  const shards = shardsMet(route.routing, bindings, context.shards)
  const streams = await port.openStreams({ keyspace, shards, query: bindQuery(route.query, bindings) })
  return closeOnFailure(streams, () => {
    if (streams.length === 1) return streams[0]
    const alike = alikeStreams(streams, keyspace)
    return route.orderBy.length === 0 ? new Gather(alike) : new MergeSort(alike, route.orderBy)
  })
}

async function closeOnFailure(streams: readonly RowStream[], make: () => RowStream): Promise<RowStream> {
  try {
    return make()
  } catch (error) {
    await Promise.allSettled(streams.map((stream) => stream.close()))
    throw error
  }
}

function limitBounds(limit: LimitRows, bindings: Bindings): { offset: number; count: number } {
  return {
    offset: limit.offset === undefined ? 0 : rowCountNumber(bindRowCount(limit.offset, bindings)),
    count:
      limit.count === undefined
        ? Number.POSITIVE_INFINITY
        : rowCountNumber(bindRowCount(limit.count, bindings)),
  }
}
