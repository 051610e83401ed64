import type { TabletAlias } from './records.ts'

/** `cell-uid` with the uid in ten digits, as Vitess writes it: `zone1-0000000100`. */
export function printAlias(alias: TabletAlias): string {
  return `${alias.cell}-${String(alias.uid).padStart(10, '0')}`
}

const UID_MAX = 0xffff_ffff

/** Reads `cell-uid`, leading zeros optional; the cell may itself contain dashes. Undefined when it is not an alias. */
export function parseAlias(text: string): TabletAlias | undefined {
  const dash = text.lastIndexOf('-')
  if (dash <= 0) return undefined
  const digits = text.slice(dash + 1)
  if (!/^[0-9]{1,10}$/.test(digits)) return undefined
  const uid = Number(digits)
  return uid <= UID_MAX ? { cell: text.slice(0, dash), uid } : undefined
}
