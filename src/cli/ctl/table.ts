/** Text in columns, two spaces apart, under a head; for people. An empty table says so. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return `(no ${head[0]?.toLowerCase()})\n`
  const all = [head.map((name) => name.toUpperCase()), ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => [...(row[i] ?? '')].length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell + ' '.repeat(widths[i]! - [...cell].length))
      .join('  ')
      .trimEnd()
  return `${all.map(line).join('\n')}\n`
}
