/** What is wrong with a YAML text and where, in one line; the parser's message quotes the text below that. */
export function yamlMistake(error: Error): string {
  return error.message.split('\n', 1)[0]!.replace(/:$/, '')
}
