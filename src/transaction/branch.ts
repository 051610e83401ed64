import { createHash, randomBytes } from 'node:crypto'
import type { ShardTarget } from '../tablet/shard-target.ts'

type Shard = Pick<ShardTarget, 'keyspace' | 'shard'>

/**
 * One shard's part of an atomic transaction, as its server knows it: an XID of 64 + 64 bytes at most and a format.
 * Source: MySQL 9.7 manual, "XA Transaction SQL Statements".
 */
export interface Branch {
  /** gtrid: the transaction's id, `sg-<its home>-<number>` or `sgj-<number>`. */
  readonly id: string
  /** bqual: `<its shard>-<thread>`, for a server may have several shards, and whoever recovers it may have to end the thread. */
  readonly qualifier: string
}

/** Tells our XIDs from those of others on the same server: "SGTX". */
const FORMAT_ID = 0x53475458

const ID = /^sg-([0-9a-f]{16})-[0-9a-f]{24}$/
/** Of another form, so that versions that know the other alone leave them alone. */
const JOINT_ID = /^sgj-[0-9a-f]{24}$/
const QUALIFIER = /^([0-9a-f]{16})-(\d+)$/

/** An id that nobody else has; `home` is the shard on which the decision will be recorded. */
export function newTransactionId(home: Shard): string {
  return `sg-${shardHash(home)}-${randomBytes(12).toString('hex')}`
}

/** One of a transaction without a home: all of its shards decide together. */
export function newJointId(): string {
  return `sgj-${randomBytes(12).toString('hex')}`
}

export function isJoint(id: string): boolean {
  return JOINT_ID.test(id)
}

export function isTransactionId(text: string): boolean {
  return ID.test(text) || JOINT_ID.test(text)
}

/** Whether the decision about the transaction is recorded on this shard. */
export function isHome(id: string, shard: Shard): boolean {
  return ID.exec(id)?.[1] === shardHash(shard)
}

/** `threadId`: of the connection that begins it. */
export function branchOf(id: string, shard: Shard, threadId: number): Branch {
  return { id, qualifier: `${shardHash(shard)}-${threadId}` }
}

export function isBranchOf({ qualifier }: Branch, shard: Shard): boolean {
  return QUALIFIER.exec(qualifier)?.[1] === shardHash(shard)
}

/** What a joint transaction's row is called on the server of one of its branches, where other shards may have theirs. */
export function jointRowId({ id, qualifier }: Branch): string {
  return `${id}/${qualifier.slice(0, HASH_LENGTH)}`
}

/** The id in the name of a row of this shard's; undefined for that of another, and for a transaction with a home. */
export function jointIdOf(rowId: string, shard: Shard): string | undefined {
  const [id, hash] = rowId.split('/')
  return isJoint(id!) && hash === shardHash(shard) ? id : undefined
}

export function threadOf({ qualifier }: Branch): number {
  return Number(QUALIFIER.exec(qualifier)![2])
}

/** `'gtrid','bqual',format`, as the XA statements name it. */
export function xidSql({ id, qualifier }: Branch): string {
  return `'${id}','${qualifier}',${FORMAT_ID}`
}

/** A row of XA RECOVER. */
export interface RecoveredXid {
  readonly formatID: number
  readonly gtrid_length: number
  /** MariaDB's are bytes. */
  readonly data: string | Buffer
}

/** Undefined for what is not ours. */
export function recoveredBranch({ formatID, gtrid_length: length, data }: RecoveredXid): Branch | undefined {
  const text = typeof data === 'string' ? data : data.toString('latin1')
  const branch = { id: text.slice(0, length), qualifier: text.slice(length) }
  const isOurs = formatID === FORMAT_ID && isTransactionId(branch.id) && QUALIFIER.test(branch.qualifier)
  return isOurs ? branch : undefined
}

const HASH_LENGTH = 16

/** Names are longer than an XID has room for. */
function shardHash({ keyspace, shard }: Shard): string {
  return createHash('sha256').update(`${keyspace}/${shard}`).digest('hex').slice(0, HASH_LENGTH)
}
