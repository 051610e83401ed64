import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'vitest'

const src = resolve(import.meta.dirname, '../../src')

/** Every folder may import itself, and these. */
const BOTTOM = ['base', 'errors', 'telemetry']

/**
 * What else each folder may import: the product's layers, as the README draws them. A folder that is not listed may
 * not exist; `mysql/client` is the part of `mysql` that talks to databases.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  errors: ['base'],
  telemetry: ['base'],
  values: BOTTOM,
  key: BOTTOM,
  sql: [...BOTTOM, 'values'],
  mysql: [...BOTTOM, 'values'],
  topology: [...BOTTOM, 'key'],
  vindex: [...BOTTOM, 'key', 'values'],
  vschema: [...BOTTOM, 'vindex', 'sql', 'key', 'values'],
  eval: [...BOTTOM, 'sql', 'values'],
  plan: [...BOTTOM, 'eval', 'vindex', 'sql', 'key', 'values'],
  planner: [...BOTTOM, 'plan', 'vschema', 'eval', 'vindex', 'sql', 'key', 'values'],
  engine: [...BOTTOM, 'plan', 'eval', 'vindex', 'key', 'values'],
  tablet: [...BOTTOM, 'mysql/client', 'topology', 'key', 'values'],
  session: [
    ...BOTTOM,
    ...[
      'planner',
      'engine',
      'tablet',
      'plan',
      'vschema',
      'eval',
      'vindex',
      'sql',
      'topology',
      'mysql',
      'key',
      'values',
    ],
  ],
  admin: [...BOTTOM, 'plan', 'vschema', 'topology', 'key'],
  cli: ['*'],
}

interface Import {
  readonly file: string
  readonly target: string
}

/** All relative imports of a file, of values and of types, static and dynamic. */
function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)['"](\.{1,2}\/[^'"]+)['"]/g
  return [...text.matchAll(pattern)].map((match) => ({ file, target: resolve(dirname(file), match[1]!) }))
}

function folderOf(path: string): string {
  return relative(src, path).split('/')[0]!
}

function isAllowed({ file, target }: Import): boolean {
  const from = folderOf(file)
  const to = relative(src, target)
  if (to.startsWith('..')) return from === 'cli' // the manifest, for the version
  const allowed = ALLOWED[from] ?? []
  return [from, ...allowed].some((folder) => folder === '*' || to === folder || to.startsWith(`${folder}/`))
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(src, name))
const imports = files.flatMap(importsOf)

test('every folder of src has its place among the layers', () => {
  const folders = [...new Set(files.map(folderOf))].filter((folder) => !folder.endsWith('.ts'))
  assert.ok(folders.length > 0)
  assert.deepEqual(
    folders.filter((folder) => !(folder in ALLOWED)),
    [],
  )
})

test('imports point downwards', () => {
  assert.ok(imports.length > 100)
  const wrong = imports
    .filter((one) => !isAllowed(one))
    .map((one) => `${relative(src, one.file)} imports ${relative(src, one.target)}`)
  assert.deepEqual(wrong, [])
})

test('imports name files with their extension, and files that exist', () => {
  const known = new Set(files)
  const wrong = imports
    .filter(({ target }) => target.startsWith(src) && !known.has(target))
    .map((one) => `${relative(src, one.file)} imports ${relative(src, one.target)}`)
  assert.deepEqual(wrong, [])
})

test('no folder imports itself in a circle of folders', () => {
  const edges = new Map<string, Set<string>>()
  for (const { file, target } of imports) {
    const [from, to] = [folderOf(file), folderOf(target)]
    if (from === to || !target.startsWith(src)) continue
    edges.set(from, (edges.get(from) ?? new Set()).add(to))
  }
  const visiting: string[] = []
  const done = new Set<string>()
  const visit = (folder: string): void => {
    assert.ok(!visiting.includes(folder), `circle: ${[...visiting, folder].join(' -> ')}`)
    if (done.has(folder)) return
    visiting.push(folder)
    for (const next of edges.get(folder) ?? []) visit(next)
    visiting.pop()
    done.add(folder)
  }
  for (const folder of edges.keys()) visit(folder)
})
