import { describe, expect, test } from 'vitest'
import {
  columnInKeyspaceNames,
  inKeyspaceNames,
  messageInKeyspaceNames,
} from '../../../src/tablet/keyspace-names.ts'

const renamings = [
  { database: 'main_-80', keyspace: 'main' },
  { database: 'data', keyspace: 'shop$&' },
]

describe('a text of a server', () => {
  test.each([
    ['main_-80', 'main'],
    ['main_-80.users', 'main.users'],
    ["Table 'main_-80.nosuch' doesn't exist", "Table 'main.nosuch' doesn't exist"],
    ["Unknown database 'data'", "Unknown database 'shop$&'"],
    ['CREATE DATABASE `data` /*!40100 x */', 'CREATE DATABASE `shop$&` /*!40100 x */'],
    [
      'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `data` x',
      'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop$&` x',
    ],
    [
      'a foreign key constraint fails (`main_-80`.`b`, CONSTRAINT `x` FOREIGN KEY (`a`) REFERENCES `a` (`id`))',
      'a foreign key constraint fails (`main`.`b`, CONSTRAINT `x` FOREIGN KEY (`a`) REFERENCES `a` (`id`))',
    ],
    [
      'select `data`.`t`.`a` AS `data` from `data`.`t`',
      'select `shop$&`.`t`.`a` AS `data` from `shop$&`.`t`',
    ],
  ])('%s', (text, expected) => {
    expect(inKeyspaceNames(text, renamings)).toBe(expected)
  })

  test.each([
    'metadata.x',
    'data_2.x',
    "Truncated incorrect data value: '1x'",
    'Data too long for column `database`',
    'a-data.x',
  ])('%s names no database', (text) => {
    expect(inKeyspaceNames(text, renamings)).toBe(text)
  })

  test('the values of a duplicate key are the client’s', () => {
    const message = "Duplicate entry 'data' for key 't.PRIMARY'"
    expect(messageInKeyspaceNames({ errno: 1062, message }, renamings)).toBe(message)
  })
})

test.each([
  ['Tables_in_data', 'Tables_in_shop$&'],
  ['Tables_in_main_-80 (u%)', 'Tables_in_main (u%)'],
  ['Tables_in_database', 'Tables_in_database'],
  ['data', 'data'],
])('the column %s', (name, expected) => {
  expect(columnInKeyspaceNames(name, renamings)).toBe(expected)
})
