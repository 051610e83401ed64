import { describe, expect, test } from 'vitest'
import {
  charsetByName,
  clientCharsetProblem,
  collationById,
  collationByName,
  defaultCollation,
} from '../../../src/values/charsets.ts'

const name = (id: number, flavor?: 'mysql' | 'mariadb') => collationById(id, flavor)?.name

describe('collations', () => {
  for (const [id, mysql, mariadb] of [
    [8, 'latin1_swedish_ci', 'latin1_swedish_ci'],
    [33, 'utf8mb3_general_ci', 'utf8mb3_general_ci'],
    [45, 'utf8mb4_general_ci', 'utf8mb4_general_ci'],
    [63, 'binary', 'binary'],
    [245, 'utf8mb4_croatian_ci', 'utf8mb4_croatian_mysql561_ci'],
    [255, 'utf8mb4_0900_ai_ci', 'utf8mb4_0900_ai_ci'],
    [309, 'utf8mb4_0900_bin', 'utf8mb4_0900_bin'],
    [323, 'utf8mb4_mn_cyrl_0900_as_cs', 'utf8mb4_mn_cyrl_0900_as_cs'],
    [608, 'utf8mb4_croatian_ci', 'utf8mb4_croatian_ci'],
    [1069, 'utf8mb4_general_nopad_ci', 'utf8mb4_general_nopad_ci'],
    [2304, 'utf8mb4_uca1400_ai_ci', 'utf8mb4_uca1400_ai_ci'],
    [3271, 'utf32_uca1400_croatian_nopad_as_cs', 'utf32_uca1400_croatian_nopad_as_cs'],
  ] as const) {
    test(`${id} is ${mysql}`, () => expect([name(id), name(id, 'mariadb')]).toEqual([mysql, mariadb]))
  }

  test('of ids that no server gives are unknown', () => {
    for (const id of [0, 17, 100, 324, 65535]) expect(collationById(id), String(id)).toBeUndefined()
  })

  test('a name that the servers number differently is found by flavor', () => {
    expect(collationByName('UTF8MB4_Croatian_CI')?.id).toBe(245)
    expect(collationByName('utf8mb4_croatian_ci', 'mariadb')?.id).toBe(608)
  })

  test('every id of either server leads to a name that leads back', () => {
    let count = 0
    for (const flavor of ['mysql', 'mariadb'] as const) {
      for (let id = 1; id < 4096; id++) {
        const collation = collationById(id, flavor)
        if (collation === undefined) continue
        count++
        const back = collationByName(collation.name, flavor)!
        // utf8mb4_croatian_ci and its kin have two ids, one of each server; a flavor's own comes first.
        if (back.id !== id) expect(collation.name).toMatch(/_croatian_ci$/)
        expect(collation.name.startsWith(collation.charset.name)).toBe(true)
      }
    }
    expect(count).toBe(2 * (286 + 1242 - 219)) // MySQL's, MariaDB's, less those they share
  })
})

describe('character sets', () => {
  test('utf8 is utf8mb3, in any case', () => {
    expect(charsetByName('UTF8')?.name).toBe('utf8mb3')
    expect(collationByName('utf8_general_ci')?.id).toBe(33)
    expect(charsetByName('utf9')).toBeUndefined()
  })

  test('have the default collation of their server', () => {
    const utf8mb4 = charsetByName('utf8mb4')!
    expect(utf8mb4.bytesPerCharMax).toBe(4)
    expect(defaultCollation(utf8mb4).name).toBe('utf8mb4_0900_ai_ci')
    expect(defaultCollation(utf8mb4, 'mariadb').name).toBe('utf8mb4_general_ci')
    expect(defaultCollation(charsetByName('latin1')!, 'mariadb').name).toBe('latin1_swedish_ci')
  })

  test('that a client may not use say why', () => {
    const problem = (charset: string) => clientCharsetProblem(charsetByName(charset)!)
    for (const charset of ['ucs2', 'utf16', 'utf16le', 'utf32']) expect(problem(charset)).toBe('wide')
    for (const charset of ['gbk', 'big5', 'sjis', 'cp932', 'gb18030'])
      expect(problem(charset)).toBe('ambiguous')
    for (const charset of ['utf8mb4', 'latin1', 'binary', 'euckr', 'gb2312', 'ujis', 'eucjpms', 'swe7']) {
      expect(problem(charset), charset).toBeUndefined()
    }
  })
})
