import { describe, expect, it } from 'vitest'
import { HIGH_NOT_PRECEDENCE } from '../../../../src/sql/sql-mode.ts'
import { nearOf } from '../support.ts'

const options = { mode: HIGH_NOT_PRECEDENCE, serverVersion: 90704, passedOn: 'check' } as const

describe('with HIGH_NOT_PRECEDENCE', () => {
  it.each([
    ['create table t (a int not null)', 'no error'],
    ['create table if not exists t (a int not secondary)', 'no error'],
    ['create table t (a int check (a) not enforced)', "near 'enforced)' at line 1"],
    ['create table t (a int, check (a) not enforced)', "near 'not enforced)' at line 1"],
    ['alter table t alter check c not enforced', "near 'not enforced' at line 1"],
    ['create table t (a int) file_format (fields not enclosed)', "near 'not enclosed)' at line 1"],
  ])('%s: %s', (sql, near) => {
    expect(nearOf(sql, options)).toBe(near)
  })
})
