/** Reads single characters of text that is known to be valid UTF-8. */

/** Length in bytes of the character that begins at `at`. */
export function sizeAt(text: Uint8Array, at: number): number {
  const lead = text[at]
  if (lead < 0x80) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}

/** The character's code point. */
export function codePointAt(text: Uint8Array, at: number): number {
  const lead = text[at]
  if (lead < 0x80) return lead
  const second = text[at + 1] & 0x3f
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second
  const third = text[at + 2] & 0x3f
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (second << 6) | third
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | (text[at + 3] & 0x3f)
}
