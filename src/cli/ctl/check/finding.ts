/** One line of `ctl check`. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error'
  /** What was looked at: `tablet zone1-0000000100 of shop/-80 (db1:3306)`, `shop.tables.customers`. */
  readonly what: string
  readonly text: string
}

export function ok(what: string, text: string): Finding {
  return { level: 'ok', what, text }
}

export function warning(what: string, text: string): Finding {
  return { level: 'warning', what, text }
}

export function mistake(what: string, text: string): Finding {
  return { level: 'error', what, text }
}

export function printFindings(findings: readonly Finding[]): string {
  return findings.map(({ level, what, text }) => `${level.padEnd(7)}  ${what}: ${text}\n`).join('')
}

/** A text that begins with its place, `shop.tables.t: …`, as the VSchema's problems do. */
export function fromPlaced(level: Finding['level'], placed: string): Finding {
  const at = placed.indexOf(': ')
  return { level, what: placed.slice(0, at), text: placed.slice(at + 2) }
}
