/**
 * Length-encoded integers. One byte below 251; otherwise 0xfc, 0xfd or 0xfe and two, three or eight bytes.
 * Source: MySQL client/server protocol, "Protocol Basics", section "Integer Types".
 */

/** Bytes that `value` takes when it is written length-encoded. */
export function lenencSize(value: number): number {
  return value < 0xfb ? 1 : value < 0x1_0000 ? 3 : value < 0x100_0000 ? 4 : 9
}

/** Writes `value` (0 to 2^53 - 1) at `at` and returns the offset behind it; the caller has made room. */
export function writeLenenc(buf: Buffer, at: number, value: number): number {
  if (value < 0xfb) {
    buf[at] = value
    return at + 1
  }
  if (value < 0x1_0000) {
    buf[at] = 0xfc
    return buf.writeUInt16LE(value, at + 1)
  }
  if (value < 0x100_0000) {
    buf[at] = 0xfd
    return buf.writeUIntLE(value, at + 1, 3)
  }
  buf[at] = 0xfe
  return buf.writeBigUInt64LE(BigInt(value), at + 1)
}
