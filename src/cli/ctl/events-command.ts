import { Command, InvalidArgumentError } from 'commander'
import { readEvents } from '../../topology/events.ts'
import { duration, integer } from '../config-values.ts'
import { withTopology } from './ctl-context.ts'
import { printTable } from './table.ts'

interface EventsOptions {
  readonly keyspace?: string
  readonly since?: string
  readonly limit: number
}

/** `ctl events`: what was done to shards' servers. */
export function eventsCommand(): Command {
  return new Command('events')
    .description('what shardgate manage and ctl reparent have done and found out, the newest last')
    .option('--keyspace <keyspace>', 'only those of this keyspace')
    .option('--since <time>', 'only newer ones: 10m, 2h, or a time such as 2026-01-31T12:00:00Z')
    .option('--limit <n>', 'so many of the newest', limitOf, 50)
    .action((options: EventsOptions, command: Command) =>
      withTopology(command, async ({ store, print }) => {
        const sinceMs = options.since === undefined ? 0 : momentOf(options.since, Date.now())
        const events = (await readEvents(store))
          .filter(({ keyspace }) => options.keyspace === undefined || keyspace === options.keyspace)
          .filter(({ at }) => Date.parse(at) >= sinceMs)
          .slice(-options.limit)
        const rows = events.map(({ at, keyspace, shard, text, by }) => [
          at,
          shard === '' ? keyspace : `${keyspace}/${shard}`,
          by,
          text,
        ])
        print(
          events,
          rows.length === 0 ? '(no events)\n' : printTable(['time', 'shard', 'by', 'event'], rows),
        )
      }),
    )
}

/** A length of time before now, or a moment. */
function momentOf(text: string, nowMs: number): number {
  const ago = duration.safeParse(text)
  if (ago.success) return nowMs - ago.data
  const moment = Date.parse(text)
  if (!Number.isNaN(moment)) return moment
  throw new Error(
    `--since ${text}: neither a length of time, such as 10m, nor a time, such as 2026-01-31T12:00:00Z`,
  )
}

function limitOf(text: string): number {
  const parsed = integer(1, 100_000).safeParse(text)
  if (parsed.success) return parsed.data as number
  throw new InvalidArgumentError('a number from 1 on.')
}
