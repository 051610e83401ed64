/** Statements that several shards answer, over tables of sysbench's shape sharded by `id`, which goes from 1 to `rows`. */
export const scattered = {
  in10: (rows: number) => {
    const ids = Array.from({ length: 10 }, () => idBelow(rows))
    return `SELECT id, c FROM sbtest1 WHERE id IN (${ids.join(', ')})`
  },
  scatter100: (rows: number) => `SELECT id, c FROM sbtest1 WHERE ${span(rows, 100)}`,
  ordered10: (rows: number) =>
    `SELECT id, k, c FROM sbtest1 WHERE ${span(rows, 1_000)} ORDER BY k, id LIMIT 10`,
  agg: (rows: number) =>
    `SELECT k % 10 AS g, COUNT(*), SUM(k), AVG(k) FROM sbtest1 WHERE ${span(rows, 1_000)} GROUP BY g ORDER BY g`,
  join10: (rows: number) =>
    `SELECT a.id, b.c FROM sbtest1 a JOIN sbtest2 b ON b.id = a.k WHERE a.${span(rows, 10)}`,
} as const satisfies Record<string, (rows: number) => string>

export type ScatteredName = keyof typeof scattered

export function isScattered(name: string): name is ScatteredName {
  return Object.hasOwn(scattered, name)
}

function idBelow(rows: number): number {
  return 1 + Math.floor(Math.random() * rows)
}

function span(rows: number, length: number): string {
  const from = idBelow(rows - length)
  return `id BETWEEN ${from} AND ${from + length - 1}`
}
