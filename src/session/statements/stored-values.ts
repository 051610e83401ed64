import { StreamRows } from '../../engine/outer-rows.ts'
import type { StoredAnswer, StoredQuestion } from '../../engine/shard-port.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { queryPacket, runCommand, runQuery } from '../../mysql/client/simple-command.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { Settings } from '../../tablet/settings.ts'
import { isBinary, isQuoted, type Value } from '../../values/value.ts'
import type { Interruption } from '../commands/interruption.ts'
import { losslessTexts } from './row-texts.ts'
import { copying } from './scratch-connection.ts'
import { streamColumn } from './stream-column.ts'

const TABLE = '`_shardgate_stored`'
const ROW = '`_row`'

/**
 * Stores expressions in a temporary table of the connection, and reads what stands there: as many rows as the question has. IGNORE
 * has what is nearest to a value that does not fit. The connection, which must be in no transaction, is given back.
 *
 * `settings`: the client's, with its user variables. Throws what the server says of an expression that has no value at all.
 */
export async function storedValues(
  lease: Lease,
  { definitions, rows }: StoredQuestion,
  settings: Settings,
  interruption: Interruption,
): Promise<StoredAnswer> {
  const { connection } = lease
  const names = definitions.map((_, i) => `\`c${i}\``)
  let isMade = false
  interruption.working.add(lease)
  const apply = async (next: Settings): Promise<void> => {
    await lease.killing
    interruption.throwIfKilled()
    await lease.apply(next)
  }
  try {
    const columns = definitions.map((definition, i) => `${names[i]} ${definition} NULL`)
    await apply(copying(settings))
    isMade = true
    await run(lease, `CREATE TEMPORARY TABLE ${TABLE} (${[`${ROW} INT PRIMARY KEY`, ...columns].join(', ')})`)
    await apply(settings)
    const texts = rows.map((cells, i) => `(${[i, ...cells].join(', ')})`)
    const warnings = await run(
      lease,
      `INSERT IGNORE INTO ${TABLE} (${[ROW, ...names].join(', ')}) VALUES ${texts.join(', ')}`,
    )
    const conditions = warnings === 0 ? [] : await readConditions(connection)
    await apply(losslessTexts(settings))
    const answer = await runQuery(connection, `SELECT ${names.join(', ')} FROM ${TABLE} ORDER BY ${ROW}`)
    const stored = new StreamRows(
      answer.rows,
      answer.columns.map((column) => streamColumn(column, lease.tablet)),
      'text',
    )
    return {
      values: answer.rows.map((_, row) => names.map((__, at) => plain(stored.cell(row, at)))),
      hasWarned: conditions.some(({ level }) => level !== 'Note'),
    }
  } finally {
    interruption.working.delete(lease)
    if (isMade) await giveBack(lease, settings)
    else lease.release()
  }
}

/** With no table on it, or not at all. */
async function giveBack(lease: Lease, settings: Settings): Promise<void> {
  try {
    await lease.killing
    await lease.apply(copying(settings)) // a session of READ ONLY transactions may not drop it
    await run(lease, `DROP TEMPORARY TABLE IF EXISTS ${TABLE}`)
    lease.release()
  } catch {
    lease.abandon() // with what went wrong there, which is nobody's statement
  }
}

async function run({ connection }: Lease, sql: string): Promise<number> {
  const { summary } = await runCommand(connection, queryPacket(sql))
  return summary.warnings
}

/** Times and members as the texts that they are given back as. */
function plain(stored: Value): Value {
  return isQuoted(stored.type) && !isBinary(stored.type) ? { ...stored, type: 'VARCHAR' } : stored
}
