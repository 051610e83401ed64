import { z } from 'zod'

/**
 * Kinds of values in the configuration. Each reads what YAML gives and also the text of a flag or an environment
 * variable, so that one schema serves all three.
 */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const UNIT_BYTES = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const

/** `500ms`, `10s`, `5m`, `8h`, or a number of milliseconds; becomes milliseconds. `0` turns a limit off where said. */
export const duration = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(String(value))
  if (match) return Math.round(Number(match[1]) * UNIT_MS[(match[2] ?? 'ms') as keyof typeof UNIT_MS])
  context.addIssue({ code: 'custom', message: 'expected a duration such as 500ms, 10s, 5m or 8h' })
  return z.NEVER
})

/** `64M`, `1G`, or a number of bytes; becomes bytes. */
export const byteSize = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = /^(\d+)\s*([KMG]?)(?:i?B)?$/i.exec(String(value))
  if (match) return Number(match[1]) * UNIT_BYTES[(match[2] ?? '').toUpperCase() as keyof typeof UNIT_BYTES]
  context.addIssue({ code: 'custom', message: 'expected a size such as 64M, 1G or a number of bytes' })
  return z.NEVER
})

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value),
    z.number().int().min(min).max(max),
  )
}

export const port = integer(0, 65_535)

export const boolean = z.preprocess(
  (value) => (value === 'true' || value === '' ? true : value === 'false' ? false : value),
  z.boolean(),
)

/** A list, or text with commas. */
export const textList = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
  z.array(z.string().min(1)).min(1),
)

export const text = z.string().min(1)
