import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * Options of a benchmark: those of `defaults`, each with a value, and `--only`. Prints the usage and ends the process for
 * `--help`; for an option that there is not, with 2.
 */
export function readOptions<Known extends Readonly<Record<string, string>>>(
  usage: string,
  defaults: Known,
): Known & { readonly only?: string } {
  const options: ParseArgsConfig['options'] = { only: { type: 'string' }, help: { type: 'boolean' } }
  for (const name of Object.keys(defaults)) options[name] = { type: 'string' }
  try {
    const { help, ...told } = parseArgs({ options }).values
    if (!help) return { ...defaults, ...told }
    process.stdout.write(`usage: npm run bench -- ${usage}\n`)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\nusage: npm run bench -- ${usage}\n`)
    process.exit(2)
  }
}
