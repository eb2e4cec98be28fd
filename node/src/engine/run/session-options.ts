/** How onnxruntime sessions of the engine are made. */
import type { InferenceSession } from 'onnxruntime-node'
import type { SessionPlace } from '../device/device.ts'

/**
 * Few threads, which never spin: the node's other threads need the cores. The optimisation level is
 * fixed, because another level moves logits by some 1e-6. The numbers are the same with any number of threads.
 */
export function sessionOptions({
  device = 'cpu',
  threads,
  tracePrefix,
}: SessionPlace): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    ...(tracePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: tracePrefix }),
  }
}
