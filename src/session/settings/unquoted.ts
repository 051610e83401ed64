/** A string literal of one piece without its quotes; other text as it is. */
export function unquoted(text: string): string {
  const quote = text[0]
  return (quote === "'" || quote === '"') && text.at(-1) === quote ? text.slice(1, -1) : text
}
