import type { Logger } from '@duckmesh/protocols'

/** A logger that keeps what it is told. */
export class NotedLogs implements Logger {
  readonly lines: { level: string; event: string; fields: Record<string, unknown> }[] = []

  debug(event: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ level: 'debug', event, fields })
  }

  info(event: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ level: 'info', event, fields })
  }

  warn(event: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ level: 'warn', event, fields })
  }

  /** Fields of every line of that event. */
  of(event: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.event === event).map(({ fields }) => fields)
  }
}
