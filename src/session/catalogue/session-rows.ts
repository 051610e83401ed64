import { sessionsOf } from '../show/process-list.ts'
import type { CatalogueContext } from './catalogue-context.ts'
import type { SystemCell, SystemColumn, SystemRow } from './system-table.ts'

/** The clients' rows of a table of sessions: PROCESSLIST of either schema, or THREADS, whatever columns the server's has. */
export function sessionRows(
  { proxy, client }: CatalogueContext,
  columns: readonly SystemColumn[],
): readonly SystemRow[] {
  return sessionsOf(proxy, client.identity).map((session) => {
    const cells = new Map<string, SystemCell>()
    for (const [name, cell] of Object.entries(session)) {
      cells.set(name, cell)
      cells.set(`processlist_${name}`, cell)
    }
    for (const [name, cell] of OTHERS) cells.set(name, cell)
    cells.set('thread_id', session.id)
    cells.set('info_binary', session.info)
    cells.set('query_id', session.id)
    cells.set('time_ms', String(Number(session.time) * 1_000))
    return columns.map(({ name }) => cells.get(name.toLowerCase()) ?? null)
  })
}

/** What the proxy does not count, as a session that has just begun has it. */
const OTHERS: readonly (readonly [string, SystemCell])[] = [
  ['name', 'thread/sql/one_connection'],
  ['type', 'FOREGROUND'],
  ['instrumented', 'YES'],
  ['history', 'YES'],
  ['resource_group', 'USR_default'],
  ['execution_engine', 'PRIMARY'],
  ['controlled_memory', '0'],
  ['max_controlled_memory', '0'],
  ['total_memory', '0'],
  ['max_total_memory', '0'],
  ['telemetry_active', 'NO'],
  ['stage', '0'],
  ['max_stage', '0'],
  ['progress', '0.000'],
  ['memory_used', '0'],
  ['max_memory_used', '0'],
  ['examined_rows', '0'],
  ['sent_rows', '0'],
  ['tid', '0'],
  ['tmp_space_used', '0'],
]
