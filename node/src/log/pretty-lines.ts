/** One readable line per JSON line: time, level, event, then the fields as `name=value`. */

interface Destination {
  write(line: string): unknown
}

/** Wraps a destination of JSON lines. */
export function prettyLines(destination: Destination): Destination {
  return {
    write(line) {
      const fields = JSON.parse(line) as Record<string, unknown>
      destination.write(`${prettyLine(fields)}\n`)
    },
  }
}

function prettyLine({ time, level, event, ...fields }: Record<string, unknown>): string {
  const clock = new Date(Number(time)).toISOString().slice(11, 23)
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`)
  return [clock, String(level).padEnd(5), String(event), ...pairs].join(' ')
}

/** Plain words as they are; anything else, also text that could break the line or the terminal, as JSON. */
function shown(value: unknown): string {
  const isWord = typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
  return isWord ? value : JSON.stringify(value)
}
