/** Where a graph is computed. */

/** The processor, and what onnxruntime's binding may know beside it, each under the runtime's own name. */
export const DEVICES = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'] as const

export type Device = (typeof DEVICES)[number]

/** How one session is to run. */
export interface SessionPlace {
  /** Of one run, in as far as it is computed by the processor. */
  readonly threads: number
  /** The processor when left out. */
  readonly device?: Device
  /** Beginning of the path of a trace of all runs, written when the session is released; none when left out. */
  readonly tracePrefix?: string
}

/** One thread of the processor. */
export const ONE_THREAD: SessionPlace = { threads: 1 }
