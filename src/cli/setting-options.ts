import { type Command, Option } from 'commander'
import { type Setting, settings } from './config-sources.ts'

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>

/** Gives a command one option for each setting, with its help and default. */
export function addSettings(command: Command, which: readonly Setting[]): void {
  for (const setting of which) {
    const argument = setting.isBoolean ? '[true|false]' : '<value>'
    const fallback = setting.fallback === undefined ? '' : ` (default ${setting.fallback})`
    command.addOption(new Option(`${setting.flag} ${argument}`, `${setting.help}${fallback}`))
  }
}

/** The settings among a command's options, by flag. Commander names options in camel case. */
export function flagsGiven(options: OptionValues): Record<string, string | boolean> {
  const flags: Record<string, string | boolean> = {}
  for (const { flag } of settings) {
    const name = flag.slice(2)
    const value = options[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())]
    if (value !== undefined) flags[name] = value
  }
  return flags
}
