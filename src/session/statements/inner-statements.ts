import { beginPlan } from '../../engine/begin-plan.ts'
import { StreamRows } from '../../engine/outer-rows.ts'
import type { RowStream } from '../../engine/row-stream.ts'
import type { OwnStatements } from '../../engine/shard-port.ts'
import type { Value } from '../../values/value.ts'
import type { Execution } from './execution.ts'
import type { Reading } from './reading.ts'
import type { PortOptions, SessionPort, SessionPortContext } from './session-port.ts'
import { textExecution } from './text-execution.ts'

/** Of a port for one of the proxy's own statements. */
export type MakePort = (
  context: SessionPortContext,
  execution: Execution,
  options: PortOptions,
) => SessionPort

/**
 * Statements of the proxy's own within one of the client's: they are planned as the client's are, for their tables may be sharded, and
 * in any keyspace. What they say is nobody's but whoever runs them.
 */
export class InnerStatements implements OwnStatements {
  readonly #context: SessionPortContext
  readonly #reading: Reading
  readonly #makePort: MakePort
  readonly #options: PortOptions

  constructor(context: SessionPortContext, reading: Reading, makePort: MakePort, options: PortOptions) {
    this.#context = context
    this.#reading = reading
    this.#makePort = makePort
    this.#options = options
  }

  get depth(): number {
    return (this.#options.depth ?? 1) - 1
  }

  async rows(sql: string): Promise<readonly (readonly Value[])[]> {
    const stream = await this.run(sql)
    if (stream === undefined) return []
    const rows: (readonly Value[])[] = []
    try {
      for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
        const cells = new StreamRows(batch, stream.columns, stream.format)
        for (const row of batch.keys()) rows.push(stream.columns.map((_, column) => cells.cell(row, column)))
      }
      return rows
    } finally {
      await stream.close()
    }
  }

  async change(sql: string): Promise<void> {
    await this.run(sql)
  }

  /** The rows of one that answers some. */
  async run(sql: string): Promise<RowStream | undefined> {
    const { shards, memory, proxy } = this.#context
    const execution = this.execution(sql)
    const { plan, bindings } = execution
    const port = this.#makePort(this.#context, execution, this.#options)
    const begun = beginPlan(plan, bindings, shards)
    if (begun.kind === 'Several') {
      const outcome = await begun.run({
        bindings,
        shards,
        port,
        format: 'text',
        locksInOrder: true,
        memory,
        limits: proxy.limits,
      })
      return outcome.kind === 'Rows' ? outcome.stream : undefined
    }
    const { keyspace, shard, query } = begun
    if ('verb' in plan.root) {
      await port.write([{ keyspace, shard, query }])
      return undefined
    }
    const [stream] = await port.openStreams({ keyspace, shards: [shard], query })
    return stream
  }

  execution(sql: string): Execution {
    const scan = this.#reading.scan(sql)
    return textExecution(this.#reading, sql, { scan, plan: this.#reading.planOfOwn(sql, scan) })
  }
}
