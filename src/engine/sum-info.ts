/**
 * Sums the texts of OK packets: `Rows matched: 1  Changed: 1  Warnings: 0` of two shards becomes
 * `Rows matched: 2  Changed: 2  Warnings: 0`. All texts answer one statement, so that they differ in numbers only.
 */
export function sumInfo(infos: readonly string[]): string {
  const texts = infos.filter((info) => info !== '')
  if (texts.length === 0) return ''
  const sums: bigint[] = []
  for (const text of texts) {
    for (const [i, digits] of (text.match(/\d+/g) ?? []).entries()) sums[i] = (sums[i] ?? 0n) + BigInt(digits)
  }
  let i = 0
  return texts[0]!.replace(/\d+/g, () => String(sums[i++]))
}

/** How many rows an UPDATE has found, as the text of its OK packet tells; undefined where it is another statement's. */
export function matchedRows(info: string): number | undefined {
  const [, matched] = /Rows matched: (\d+)/.exec(info) ?? []
  return matched === undefined ? undefined : Number(matched)
}
