/** Runs a model of the store once, as a node does before it offers the model. */
import type { Hex } from '@duckmesh/protocols'
import { EngineHost } from '../engine/index.ts'
import { withStoreFailures } from './engine-failure.ts'
import type { ModelStore } from './model-store.ts'

/**
 * Hashes, graph and calibration vectors, by the engine itself. Rejects with MODEL_NOT_STORED, MODEL_CORRUPT,
 * MODEL_UNSUPPORTED, MODEL_SELF_TEST_FAILED.
 */
export async function selfTestModel(store: ModelStore, modelId: Hex): Promise<void> {
  const { folder, release } = await store.open(modelId)
  const engine = new EngineHost({ folders: [folder] })
  try {
    await withStoreFailures(() => engine.start())
  } finally {
    await engine.stop()
    release()
  }
}
