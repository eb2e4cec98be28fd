/** A line about a download that rewrites itself: how much, how fast, from how many. */
import { formatBytes } from './format-bytes.ts'

/** Widest bar, in characters. */
const BAR = 24
/** Shortest time between two lines, ms: a terminal shows no more. */
const EVERY_MS = 100
/** The rate is that of the last seconds, ms. */
const RATE_MS = 3_000

export interface Progress {
  have: number
  bytes: number
  holders: number
}

export class ProgressLine {
  readonly #write: (text: string) => void
  #shownAtMs = Number.NEGATIVE_INFINITY
  #isShown = false
  #samples: { atMs: number; have: number }[] = []

  /** `write` takes text for a terminal. */
  constructor(write: (text: string) => void) {
    this.#write = write
  }

  show({ bytes, have, holders }: Progress, nowMs: number): void {
    this.#samples.push({ atMs: nowMs, have })
    this.#samples = this.#samples.filter(({ atMs }) => atMs >= nowMs - RATE_MS)
    if (nowMs - this.#shownAtMs < EVERY_MS && have < bytes) return
    this.#shownAtMs = nowMs
    this.#isShown = true
    const share = bytes === 0 ? 1 : have / bytes
    const full = Math.floor(share * BAR)
    const bar = `${'#'.repeat(full)}${'-'.repeat(BAR - full)}`
    const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
    const from = `${String(holders)} ${holders === 1 ? 'peer' : 'peers'}`
    const sizes = `${formatBytes(have)} of ${formatBytes(bytes)}`
    this.#write(`\r[${bar}] ${percent}  ${sizes}  ${this.#rate()}  ${from}\u001b[K`)
  }

  /** Ends the line, so that other text goes below it. */
  end(): void {
    if (this.#isShown) this.#write('\n')
    this.#isShown = false
  }

  #rate(): string {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return ''
    const perS = ((last.have - first.have) * 1_000) / (last.atMs - first.atMs)
    return `${formatBytes(Math.max(0, perS))}/s`
  }
}
