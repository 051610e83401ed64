/** Statements of about this size: large enough that their number costs nothing, small for every limit. */
const STATEMENT_BYTES = 256 * 1024

export interface Table {
  readonly name: string
  /** One row after the other, each a list of SQL literals: `1, 'AFRICA', '…'`. Nothing is kept in memory. */
  rows(): Iterable<string>
}

/**
 * Fills empty tables on every side, table by table, each statement on all sides at once. The statistics of the tables are up
 * to date when it resolves. Resolves with the number of rows by table.
 */
export async function loadTables(
  tables: readonly Table[],
  sides: readonly ((sql: string) => Promise<unknown>)[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const run = (sql: string) => Promise.all(sides.map((side) => side(sql)))
  for (const { name, rows } of tables) {
    let count = 0
    let values: string[] = []
    let bytes = 0
    const send = async () => {
      if (values.length > 0) await run(`INSERT INTO ${name} VALUES ${values.join(', ')}`)
      values = []
      bytes = 0
    }
    for (const row of rows()) {
      values.push(`(${row})`)
      bytes += row.length
      count++
      if (bytes >= STATEMENT_BYTES) await send()
    }
    await send()
    await run(`ANALYZE TABLE ${name}`)
    counts.set(name, count)
  }
  return counts
}
