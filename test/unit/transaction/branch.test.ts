import { describe, expect, test } from 'vitest'
import {
  branchOf,
  isBranchOf,
  isHome,
  isJoint,
  isTransactionId,
  jointIdOf,
  jointRowId,
  newJointId,
  newTransactionId,
  recoveredBranch,
  threadOf,
  xidSql,
} from '../../../src/transaction/branch.ts'

const home = { keyspace: 'shop', shard: '-80' }
const other = { keyspace: 'shop', shard: '80-' }
const id = newTransactionId(home)
const branch = branchOf(id, other, 4711)

test('an id tells its home, and no two are alike', () => {
  expect([isTransactionId(id), isHome(id, home), isHome(id, other)]).toEqual([true, true, false])
  expect(newTransactionId(home)).not.toBe(id)
})

test('a branch tells its shard and the thread that began it, within the 64 bytes that XA has for each part', () => {
  expect([isBranchOf(branch, other), isBranchOf(branch, home), threadOf(branch)]).toEqual([true, false, 4711])
  const longest = branchOf(id, other, Number.MAX_SAFE_INTEGER)
  expect([longest.id.length <= 64, longest.qualifier.length <= 64]).toEqual([true, true])
  expect(xidSql(branch)).toBe(`'${id}','${branch.qualifier}',1397183576`)
})

test('a joint transaction has no home, and a row for each of its branches, within the 64 bytes of the table', () => {
  const joint = newJointId()
  expect([isTransactionId(joint), isJoint(joint), isJoint(id), isHome(joint, home)]).toEqual([
    true,
    true,
    false,
    false,
  ])
  // Older versions take ids of this form alone for theirs.
  expect(joint).not.toMatch(/^sg-/)
  const row = jointRowId(branchOf(joint, other, 4711))
  expect(row.length).toBeLessThanOrEqual(64)
  expect([jointIdOf(row, other), jointIdOf(row, home), jointIdOf(id, home)]).toEqual([
    joint,
    undefined,
    undefined,
  ])
})

describe('a row of XA RECOVER', () => {
  const row = { formatID: 0x53475458, gtrid_length: id.length, data: id + branch.qualifier }
  test('is the branch, as MySQL tells it and as MariaDB does', () => {
    expect(recoveredBranch(row)).toEqual(branch)
    expect(recoveredBranch({ ...row, data: Buffer.from(row.data) })).toEqual(branch)
  })
  test('of somebody else is none of ours', () => {
    expect(recoveredBranch({ ...row, formatID: 1 })).toBeUndefined()
    expect(recoveredBranch({ ...row, gtrid_length: 3 })).toBeUndefined()
    expect(recoveredBranch({ ...row, data: id })).toBeUndefined()
  })
})
