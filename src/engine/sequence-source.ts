/** Sequence tables, which hand out the values of auto-increment columns. */
export interface SequenceSource {
  /** Reserves `count` consecutive numbers of the sequence; the answer is the first. */
  next(keyspace: string, table: string, count: number): Promise<bigint>
}
