import { isatty } from 'node:tty'
import type { Logger } from '@duckmesh/protocols'
import { pino } from 'pino'
import { prettyLines } from './pretty-lines.ts'

export interface LoggerOptions {
  level: 'debug' | 'info' | 'warn' | 'silent'
  /** JSON lines also on a terminal. */
  json?: boolean
  /** Fields in every line, e.g. the role. */
  bindings?: Record<string, unknown>
  /** Receives whole lines; stderr when not given, since stdout belongs to results. */
  destination?: { write(line: string): unknown }
  /** Readable lines; by default when stderr is a terminal. */
  pretty?: boolean
}

/** A logger that can also make one with more fields. */
export interface NodeLogger extends Logger {
  child(bindings: Record<string, unknown>): NodeLogger
}

/**
 * Members never printed, at the top and one level down: secrets, and the text of people. Deeper ones do not
 * get into log fields; what is logged is facts and numbers.
 */
const SECRET_NAMES: readonly string[] = [
  'privateKey',
  'password',
  'secret',
  'secrets',
  'key',
  'prompt',
  'messages',
  'text',
  'textDelta',
  'spec',
  'authorization',
]

const STDERR = 2

/** Structured logs by pino. Written at once, so that the last line before a crash is there. */
export function createLogger(options: LoggerOptions): NodeLogger {
  const destination = options.destination ?? pino.destination({ fd: STDERR, sync: true })
  const pretty = options.pretty ?? (options.json !== true && isatty(STDERR))
  const root = pino(
    {
      level: options.level,
      base: options.bindings ?? null,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
    },
    pretty ? prettyLines(destination) : destination,
  )
  return wrap(root)
}

function wrap(root: pino.Logger): NodeLogger {
  return {
    debug: (event, fields) => {
      root.debug(plain(fields), event)
    },
    info: (event, fields) => {
      root.info(plain(fields), event)
    },
    warn: (event, fields) => {
      root.warn(plain(fields), event)
    },
    child: (bindings) => wrap(root.child(plain(bindings))),
  }
}

/** JSON has no bigint, and an Error would print as {}: amounts become text, errors their code and message. */
function plain(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, plainValue(value)]),
  )
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plainValue)
  if (value instanceof Error) return plainError(value)
  if (value instanceof Uint8Array) return `${value.length.toString()} bytes`
  if (typeof value !== 'object' || value === null) return value
  // Peer ids, addresses and the like know how to be read; their insides are nobody's business.
  if (Object.getPrototypeOf(value) !== Object.prototype) return textOf(value)
  return plain({ ...value })
}

function textOf(value: { toString(): string }): string {
  return value.toString()
}

function plainError(error: Error): Record<string, unknown> {
  const code = 'code' in error ? { code: plainValue(error.code) } : {}
  const details = 'details' in error ? { details: plainValue(error.details) } : {}
  const cause = error.cause instanceof Error ? { cause: plainError(error.cause) } : {}
  return { ...code, message: error.message, ...details, ...cause }
}
