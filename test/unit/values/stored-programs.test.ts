import { expect, test } from 'vitest'
import { describePrograms, variablesNamed } from '../../../src/values/stored-programs.ts'

test.each([
  ['SET @a = @B + @@sql_mode', ['a', 'b']],
  ['SELECT 1 INTO @`odd name`, @"x""y", @\'z\'', ['odd name', 'x"y', 'z']],
  ["SET @text = 'SET @dynamic = 1'", ['text', 'dynamic']],
  ['SELECT @été, @a.b', ['été', 'a.b']],
])('user variables in %s', (text, expected) => {
  expect(variablesNamed(text)).toEqual(expected)
})

test('a function writes where it calls one that does, in whatever order they come', () => {
  const { functions, writing, triggered, variables } = describePrograms([
    { kind: 'function', name: 'Calls', body: 'RETURN logged(1)' },
    { kind: 'function', name: 'logged', body: 'BEGIN INSERT INTO log VALUES (1); RETURN @n; END' },
    { kind: 'function', name: 'doubled', body: `RETURN CONCAT(2 * n, 'x@y', 'it''s @z', "\\"@w")` },
    { kind: 'procedure', name: 'prepares', body: `BEGIN PREPARE p FROM 'SET @s = 1'; EXECUTE p; END` },
    { kind: 'trigger', name: 'on_users', table: 'users', body: 'SET @seen = NEW.id' },
  ])
  expect([...functions]).toEqual(['calls', 'logged', 'doubled'])
  expect([...writing].sort()).toEqual(['calls', 'logged', 'prepares'])
  expect([...triggered]).toEqual(['users'])
  expect(variables).toEqual(['n', 's', 'seen'])
})

test('a function that the account may not look into may write', () => {
  expect([...describePrograms([{ kind: 'function', name: 'Hidden', body: '' }]).writing]).toEqual(['hidden'])
})
