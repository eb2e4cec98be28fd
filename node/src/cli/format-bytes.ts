/** Sizes as people read and write them. */
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Decimal units, three digits. */
export function formatBytes(bytes: number): string {
  const steps = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** steps
  return `${Number(value.toPrecision(3))} ${UNITS[steps] ?? ''}`
}

/** '500MB', '1.5 GB' or a plain number of bytes; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit = 'B'] = /^([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([kMGT]?B)?$/i.exec(text) ?? []
  const step = UNITS.findIndex((name) => name.toLowerCase() === unit.toLowerCase())
  const bytes = Math.round(Number(number) * 1000 ** step)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}
