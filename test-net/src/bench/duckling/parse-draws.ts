/** Reads questions from JSON lines. */
import type { Draw } from './interface.ts'

/** One draw for each line that is not empty. Throws TypeError with the number of a line that is none. */
export function parseDraws(text: string): Draw[] {
  const lines = text.split('\n').map((line, index): [string, number] => [line, index + 1])
  const draws = lines.filter(([line]) => line.trim() !== '').map(parseDraw)
  if (draws.length === 0) throw new TypeError('There are no draws in the file.')
  return draws
}

function parseDraw([line, number]: [string, number]): Draw {
  const { kind, question, answer } = parseObject(line, number)
  const isDraw =
    typeof kind === 'string' && typeof question === 'string' && typeof answer === 'string'
  if (isDraw) return { kind, question, answer }
  throw new TypeError(`Line ${number} needs the texts kind, question and answer.`)
}

function parseObject(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (cause) {
    throw new TypeError(`Line ${number} is not JSON.`, { cause })
  }
}
