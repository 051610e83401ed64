/** Several shards cannot do it. `construct` is what error 1235 names. */
export interface Refusal {
  readonly kind: 'refused'
  readonly construct: string
}

export function refused(construct: string): Refusal {
  return { kind: 'refused', construct }
}

export function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused'
}

/** What `build` makes of the items, without the undefined; the first refusal among them if there is one. */
export function eachOrRefusal<Item, Built>(
  items: readonly Item[],
  build: (item: Item) => Built | undefined | Refusal,
): readonly Built[] | Refusal {
  const all: Built[] = []
  for (const item of items) {
    const built = build(item)
    if (isRefusal(built)) return built
    if (built !== undefined) all.push(built)
  }
  return all
}
