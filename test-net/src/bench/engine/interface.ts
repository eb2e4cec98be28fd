/** What the engine benchmark measures and reports. */

/** Tokens drawn per second: by wall clock (best of all rounds) and by CPU time of the whole process. */
export interface Rate {
  readonly perSecond: number
  readonly perCpuSecond: number
}

/** One way to draw tokens, measured turn and turn about with the others. */
export interface Side {
  readonly name: string
  /** Draws once with all its streams; gives how many tokens came. */
  draw(): Promise<number>
}

/** Ratios by stream count. */
export type ByStreams = Readonly<Record<string, number>>

/** Times in milliseconds, memory in MiB, the rest ratios; rates lists what they were made from. */
export interface EngineReport {
  readonly model: { readonly bytes: number; readonly msPerToken: number }
  readonly largeModel: { readonly bytes: number; readonly msPerToken: number } | null
  /** Engine over the bare session.run loop, one stream: in process, in the worker, and by CPU time. */
  readonly engineVsBare: {
    readonly b1: number
    readonly b1Worker: number
    readonly b1Cpu: number
    readonly b1Large: number | null
  }
  /** Many streams over one, in the worker: all at once, and coming one by one. */
  readonly batchSpeedup: ByStreams
  readonly batchSpeedupCpu: ByStreams
  readonly raggedSpeedup: ByStreams
  readonly batchSpeedupLarge: ByStreams | null
  /**
   * Worker over transformers.js on the same weights, whose streams are one padded batch that begins and
   * ends together: per CPU-second, and by wall clock.
   */
  readonly vsTransformersJs: ByStreams
  readonly vsTransformersJsWall: ByStreams
  /** The same per CPU-second when it answers one after another, as it must what does not come together. */
  readonly vsTransformersJsOneByOne: ByStreams
  /**
   * The same weights in four bits: streams in the worker over the bare loop, which runs one row. The engine runs two at
   * least, because one row has other bits than several.
   */
  readonly fourBitVsBare: ByStreams
  readonly fourBitVsBareLarge: ByStreams | null
  readonly ttftAddedMs: { readonly inProcess: number; readonly worker: number }
  readonly prefillTokensPerSecond: number
  /** Lag of the main thread while sixteen streams decode in the worker. */
  readonly lagP99Ms: number
  /** From abort to a free place on the main thread, and to the first token of the next answer. */
  readonly cancelMs: { readonly toError: number; readonly toNextToken: number }
  /** Hashes, session and self-test in this process; in a worker with the start of its thread, from TypeScript. */
  readonly loadMs: number
  readonly loadWorkerMs: number
  readonly rssGrowthMiB: { readonly jobs: number; readonly loads: number }
  readonly prefixCacheSpeedup: number
  /** Why a figure of the issue is not here. */
  readonly notMeasured: readonly string[]
  readonly rates: Readonly<Record<string, Rate>>
}

/** How long to measure. */
export interface EngineBenchOptions {
  readonly rounds: number
  readonly jobs: number
  readonly loads: number
  /** Leaves the generated model of 100 MB and more out. */
  readonly withLargeModel: boolean
}
