/** What a fetcher process tells its parent as JSON lines, whichever protocol it speaks. */

/** Told once at the end. */
export interface FetchTold {
  /** From the first request to the last byte on disk, ms. */
  ms: number
  /** From the first request to the first bytes that may be used, ms. */
  firstByteMs: number
  /** From the start of the process to the first request, ms: loading modules, starting a host. */
  startMs: number
  /** CPU time from the first request on, ms. */
  cpuMs: number
  peakRssMiB: number
  /** Peers that were found to lie. */
  blamed: number
  /** Bytes that were there before. */
  resumedBytes: number
}

/** Measures one download from its construction on. */
export class FetchWatch {
  readonly #bytes: number
  #startMs: number = performance.now()
  #cpu: NodeJS.CpuUsage = process.cpuUsage()
  #firstMs: number | undefined
  #isHalf = false

  /** `bytes` are those of the whole file. */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Modules are loaded and the host runs: the download starts now. */
  start(): void {
    this.#startMs = performance.now()
    this.#cpu = process.cpuUsage()
  }

  /** So many bytes are usable now; tells `half` once, so that somebody can be killed there. */
  have(bytes: number): void {
    if (bytes <= 0) return
    this.#firstMs ??= performance.now()
    if (this.#isHalf || bytes < this.#bytes / 2) return
    this.#isHalf = true
    tell({ event: 'half' })
  }

  /** The file is there. */
  end(facts: { blamed: number; resumedBytes: number }): void {
    const endMs = performance.now()
    const firstMs = this.#firstMs ?? endMs
    const { system, user } = process.cpuUsage(this.#cpu)
    const told: FetchTold = {
      ms: endMs - this.#startMs,
      firstByteMs: firstMs - this.#startMs,
      startMs: this.#startMs,
      cpuMs: (system + user) / 1_000,
      peakRssMiB: process.resourceUsage().maxRSS / 1_024,
      ...facts,
    }
    tell({ event: 'done', ...told })
  }
}

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
