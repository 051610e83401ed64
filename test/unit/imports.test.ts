import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'vitest'

const src = resolve(import.meta.dirname, '../../src')

/** Every folder may import itself, and these. */
const BOTTOM = ['base', 'errors', 'telemetry']
const architecture = resolve(import.meta.dirname, '../../docs/design/architecture.md')

/**
 * What else each folder may import: the table of docs/design/architecture.md. A folder that is not listed may not exist;
 * `mysql/client` is the part of `mysql` that talks to databases.
 */
const ALLOWED = readTable(readFileSync(architecture, 'utf8'))

function readTable(text: string): ReadonlyMap<string, readonly string[]> {
  const rows = [...text.matchAll(/^\| (`.*`) \| .* \| ?(.*) \|$/gm)]
  return new Map(
    rows.flatMap(([, folders, imports]) =>
      names(folders!).map((folder) => [folder, importsOfRow(folder, imports!)]),
    ),
  )
}

function importsOfRow(folder: string, imports: string): readonly string[] {
  if (imports === 'everything') return ['*']
  return BOTTOM.includes(folder) ? names(imports) : [...BOTTOM, ...names(imports)]
}

function names(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
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
  const allowed = ALLOWED.get(from) ?? []
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
    folders.filter((folder) => !ALLOWED.has(folder)),
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

/** More than these and something is in the wrong place. */
const CIRCLE_FILES_MAX = 3

test(`no more than ${CIRCLE_FILES_MAX} files import each other in a circle, the parser apart`, () => {
  const edges = new Map<string, string[]>()
  for (const { file, target } of imports) edges.set(file, [...(edges.get(file) ?? []), target])
  const large = circlesOf(edges)
    .filter((circle) => circle.length > CIRCLE_FILES_MAX)
    .map((circle) => circle.map((file) => relative(src, file)).sort())
    .filter((circle) => !circle.every((file) => file.startsWith('sql/')))
  assert.deepEqual(large, [])
})

/** Strongly connected components of two files and more. Source: Tarjan, "Depth-first search and linear graph algorithms". */
function circlesOf(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const found: string[][] = []
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const visit = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.get(file)!)
    stack.push(file)
    for (const next of edges.get(file) ?? []) {
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!))
    }
    if (low.get(file) !== index.get(file)) return
    const circle = stack.splice(stack.indexOf(file))
    if (circle.length > 1) found.push(circle)
  }
  for (const file of edges.keys()) if (!index.has(file)) visit(file)
  return found
}
