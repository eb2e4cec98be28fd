/** How onnxruntime sessions of the engine are made. */
import type { InferenceSession } from 'onnxruntime-node'

/**
 * Few threads, which never spin: the node's other threads need the cores. The optimisation level is
 * fixed, because another level moves logits by some 1e-6.
 * @param threads of one run; the numbers are the same with any
 */
export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  }
}
