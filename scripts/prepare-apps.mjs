// What the applications of test/apps import: npm packages beside their package.json, Python's in an environment of its own,
// and where Maven or Go are, theirs. Run as a program, for it takes half a minute at first, most of it waiting: other things are installed meanwhile.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { find, tryApt } from './install-servers.mjs'
import { root, run } from './prepare.mjs'

const apps = join(root, 'test/apps')
const modules = join(apps, 'node_modules')
const python = join(root, '.cache/test-apps-python')
const java = join(root, '.cache/test-apps-java')
const go = join(root, '.cache/test-apps-go')

const installers = { JavaScript: installModules, Python: installPython, Java: installJava, Go: buildGo }

/** Begins, and resolves with what is missing in the end, in words. */
export async function prepareApplications() {
  preparePython()
  const complaints = await Promise.all(Object.keys(installers).map(startInstaller))
  return complaints.filter((what) => what !== '')
}

function startInstaller(language) {
  const args = [import.meta.filename, language]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    let complaint = ''
    child.stdout.on('data', (text) => {
      complaint += text
    })
    child.once('error', reject)
    child.once('close', () => resolve(complaint.trim()))
  })
}

/** Here rather than in the program: apt does one thing at a time. */
function preparePython() {
  if (!find('python3') || !hasVenv()) tryApt(['python3-venv'])
}

function hasVenv() {
  try {
    run('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function installModules() {
  const stamp = join(modules, '.shardgate-lock')
  const digest = digestOf('package-lock.json', 'prisma/schema.prisma')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  process.stderr.write('shardgate: installing the ORMs that tests run\n')
  const ignored = ['--ignore-scripts', '--omit=peer', '--omit=optional']
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...ignored], { cwd: apps })
  // Making the client needs none of Prisma's engines, but Prisma downloads one unless it is told of a file.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
  const args = [
    join(modules, 'prisma/build/index.js'),
    'generate',
    '--no-hints',
    '--config',
    'prisma/prisma.config.mjs',
  ]
  run(process.execPath, args, { cwd: apps, env, stdio: 'ignore' })
  writeFileSync(stamp, digest)
}

function installPython() {
  const stamp = join(python, '.shardgate-lock')
  const digest = digestOf('requirements.txt')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  rmSync(python, { recursive: true, force: true })
  run('python3', ['-m', 'venv', python])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:']
  run(join(python, 'bin/python'), [...pip, '-r', join(apps, 'requirements.txt')])
  writeFileSync(stamp, digest)
}

/** Tests say what they leave out where there is no Maven. */
function installJava() {
  if (!find('mvn') || !find('java')) return
  const stamp = join(java, '.shardgate-lock')
  const digest = digestOf('java/pom.xml')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  rmSync(java, { recursive: true, force: true })
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${java}`]
  run('mvn', ['--quiet', '--batch-mode', '--file', join(apps, 'java/pom.xml'), ...copy])
  writeFileSync(stamp, digest)
}

/** As with Java. The program is whole: nothing is compiled while tests run. */
function buildGo() {
  if (!find('go')) return
  const stamp = join(go, '.shardgate-lock')
  const digest = digestOf('sessions/go/go.sum', 'sessions/go/main.go')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  run('go', ['build', '-C', join(apps, 'sessions/go'), '-o', join(go, 'session')])
  writeFileSync(stamp, digest)
}

function digestOf(...files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(apps, file)))
  return hash.digest('hex')
}

if (process.argv[1] === import.meta.filename) {
  const language = process.argv[2]
  try {
    installers[language]()
  } catch (error) {
    process.stdout.write(`ORMs in ${language}: ${error.message}\n`)
  }
}
