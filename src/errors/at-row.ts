/** What an error or a warning says: of a server, or of the proxy. */
interface Told {
  readonly errno: number
  readonly message: string
}

/**
 * Conditions into whose text MySQL writes the number of the row that they are about, at its end. The text of others may
 * end so, too: with a value, or as a trigger has put it.
 * Source: MySQL's messages_to_clients.txt, "at row %ld".
 */
const NUMBERED: ReadonlySet<number> = new Set([
  1261, 1262, 1263, 1264, 1265, 1292, 1299, 1366, 1367, 1406, 3155, 3156, 3751, 3752, 3903, 3904, 3905, 3906,
])

/** Of LOAD DATA: their texts begin with the row. */
const FIRST = /^Row (\d+) /
const LAST = /at row (\d+)$/

/** The number of the row, from 1, that the text tells; undefined where it names none. */
export function rowTold({ errno, message }: Told): number | undefined {
  if (!NUMBERED.has(errno)) return undefined
  const found = LAST.exec(message) ?? FIRST.exec(message)
  return found === null ? undefined : Number(found[1])
}

/** The text with another number. */
export function atRow(message: string, row: number): string {
  return LAST.test(message) ? message.replace(/\d+$/, String(row)) : message.replace(FIRST, `Row ${row} `)
}
