import { getHeapStatistics } from 'node:v8'
import type { SessionLimits } from '../session/proxy-context.ts'
import type { ServeConfig } from './config.ts'

/** Parts of the heap: three quarters of it stay for statements at work, and for what nobody counts. */
const SESSIONS_PART = 1 / 4
const PLANS_PART = 1 / 16
const PARSER_PART = 1 / 8
/** Packets lie beside the heap; a machine that has room for one has it for half as much of them, too. */
const PACKETS_PART = 1 / 2
/** Of what all sessions may hold: no single one can take the memory of the others. */
const SESSION_PART = 1 / 4

type MemoryLimits = Pick<
  SessionLimits,
  'memoryMax' | 'sessionMemoryMax' | 'planMemoryMax' | 'parserMemoryMax'
>

/** What sessions and plans of this process may hold, where the configuration leaves it to the size of the heap. */
export function memoryLimits(
  config: Pick<ServeConfig, 'connection_memory_limit' | 'global_connection_memory_limit'>,
  heapBytes = getHeapStatistics().heap_size_limit,
): MemoryLimits {
  const memoryMax = config.global_connection_memory_limit || heapBytes * SESSIONS_PART
  const sessionMemoryMax = config.connection_memory_limit || memoryMax * SESSION_PART
  return {
    memoryMax: Math.floor(memoryMax),
    sessionMemoryMax: Math.floor(Math.min(memoryMax, sessionMemoryMax)),
    parserMemoryMax: Math.floor(heapBytes * PARSER_PART),
    planMemoryMax: Math.floor(heapBytes * PLANS_PART),
  }
}

/** What large packets may take that are being received or carried out: one of them always. */
export function packetMemoryMax(
  { max_allowed_packet: packetMax }: Pick<ServeConfig, 'max_allowed_packet'>,
  heapBytes = getHeapStatistics().heap_size_limit,
): number {
  return Math.max(packetMax, Math.floor(heapBytes * PACKETS_PART))
}
