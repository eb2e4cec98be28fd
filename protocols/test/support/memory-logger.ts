import type { Logger } from '../../src/components.ts'

export interface LogEntry {
  level: 'debug' | 'info' | 'warn'
  event: string
  fields: Record<string, unknown>
}

/** A logger that keeps what it was told. */
export interface MemoryLogger extends Logger {
  readonly entries: LogEntry[]
}

export function memoryLogger(): MemoryLogger {
  const entries: LogEntry[] = []
  const write = (level: LogEntry['level']) => (event: string, fields?: Record<string, unknown>) => {
    entries.push({ level, event, fields: fields ?? {} })
  }
  return { entries, debug: write('debug'), info: write('info'), warn: write('warn') }
}
