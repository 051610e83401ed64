import { Command } from 'commander'

/**
 * Gives a command, and all below it, a `help` that takes the words of a command however deep it lies: `help ctl vschema
 * apply`. Commander's own looks at the first word alone and shows the help of that.
 */
export function addHelpCommands(command: Command): void {
  if (command.commands.length === 0) return
  for (const child of command.commands) addHelpCommands(child)
  command.helpCommand(false)
  command.addCommand(
    new Command('help')
      .description('the help of a command')
      .argument('[command...]')
      .action((words: string[]) => {
        let found = command
        for (const word of words) {
          const next = found.commands.find((child) => child.name() === word || child.aliases().includes(word))
          if (next === undefined)
            throw new Error(
              `there is no command '${word}' in '${found.name()}'; \`${found.name()} --help\` lists them`,
            )
          found = next
        }
        found.help()
      }),
  )
}
