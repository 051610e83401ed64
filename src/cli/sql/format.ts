import type { Description, Refused } from './describe-statement.ts'

/** One line of JSON, with its newline. */
export function formatJson(description: Description): string {
  return `${JSON.stringify(description)}\n`
}

/** A few lines for people, and an empty one. */
export function formatDescription(description: Description): string {
  if (!description.ok) return formatRefused(description)
  const lines = [
    description.kind,
    field('fingerprint', description.fingerprint),
    field('literals', shortened(description.literals)),
    field('tables', description.tables.join(', ')),
    field('printed', description.printed),
  ]
  return `${lines.filter((line) => line !== '').join('\n')}\n\n`
}

/** As the mysql client has it. */
function formatRefused({ errno, sqlState, line, message, hint }: Refused): string {
  const place = line === undefined ? '' : ` at line ${line}`
  const text = `ERROR ${errno} (${sqlState})${place}: ${message}`
  return hint === undefined ? `${text}\n\n` : `${text}\n${field('hint', hint)}\n\n`
}

function field(name: string, text: string): string {
  return text === '' ? '' : `  ${name.padEnd(12)} ${text}`
}

/** Nobody reads more of a long list. */
const LITERALS_SHOWN = 20

function shortened(literals: readonly string[]): string {
  const more = literals.length - LITERALS_SHOWN
  const shown = literals.slice(0, LITERALS_SHOWN).join(', ')
  return more > 0 ? `${shown}, … and ${more} more` : shown
}
