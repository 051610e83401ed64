/**
 * A name as the servers compare those of system schemas and functions: in lower case, by utf8mb3_general_ci's tables, where
 * İ is the capital of i.
 */
export function fold(name: string): string {
  return name.toLowerCase().replaceAll('\u0307', '')
}
