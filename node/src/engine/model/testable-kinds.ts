/** The kinds of models there are, as they are opened and tested before they are served. */
import type { TestableKind } from '../device/open-tested.ts'
import { encoderWorkloads, generatorWorkloads } from '../device/workloads.ts'
import type { SessionPlace } from '../device/device.ts'
import { adaptToMachine } from '../run/adapt-to-machine.ts'
import type { MachineTraits } from '../run/adapt-to-machine.ts'
import type { RequestLimits } from '../run/check-request.ts'
import { EncoderModel } from '../run/encoder-model.ts'
import type { ModelManifest } from './manifest.ts'
import { openGraph } from './open-graph.ts'
import type { GeneratorModel, GraphToOpen } from './open-graph.ts'

/** A graph that is not told yet where it runs. */
export type Graph = Omit<GraphToOpen, keyof SessionPlace>

/** @param config parsed config.json */
export function generatorKind(
  graph: Graph,
  manifest: Pick<ModelManifest, 'graph'>,
  limits: RequestLimits,
  config: unknown,
): TestableKind<GeneratorModel, MachineTraits> {
  return {
    open: (place) => openGraph(manifest.graph, { ...graph, ...place }, config),
    compute: (model, ids) => model.prefill(model.createCache(), ids),
    settle: (model) => adaptToMachine(model, limits),
    workloads: (model) => generatorWorkloads(model, limits),
  }
}

/** What is found out is how many numbers it gives for a text. */
export function encoderKind(
  graph: Graph,
  { calibration, pooling = 'mean', task }: ModelManifest,
  limits: RequestLimits,
): TestableKind<EncoderModel, number> {
  const kind = task === 'classification' ? task : 'embeddings'
  return {
    open: (place) => EncoderModel.load({ ...graph, ...place }, { task: kind, pooling }),
    compute: (encoder, ids) => encoder.encode(ids),
    settle: async (encoder) => (await encoder.encode(calibration[0]?.ids ?? [0])).length,
    workloads: (encoder) => encoderWorkloads(encoder, limits),
  }
}
