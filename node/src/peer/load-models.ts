/** Loads the models a provider serves: the shipped Duckling and every packed model in its folder. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from '@duckmesh/protocols'
import { EngineHost, ensurePackedModel } from '../engine/index.ts'
import type { Config } from '../config/index.ts'
import { registered } from './step-engine.ts'
import { tellDevices } from './tell-devices.ts'

/** Source of the model that every node can serve without a download. */
const DUCKLING: string = fileURLToPath(new URL('../../models/duckling', import.meta.url))

/** Where the models of a node run. */
export type EnginePlace = Config['engine']

/**
 * Packs Duckling when it is not there yet and starts the engine. A model that fails its hashes or its
 * self-test is left out and logged. Rejects with MODEL_CORRUPT, MODEL_SELF_TEST_FAILED or DEVICE_UNAVAILABLE when
 * none is left.
 * @param chosen folders that are served instead of Duckling and whatever else is in `modelsDir`
 * @param place where they run; it is logged whether that is slower than the processor
 */
export async function loadModels(
  modelsDir: string,
  logger: Logger,
  chosen?: readonly string[],
  { device, threads }: EnginePlace = { device: 'cpu', threads: 'auto' },
): Promise<EngineHost> {
  try {
    const folders = chosen ?? (await foundModels(modelsDir, logger))
    const engine = new EngineHost({ folders, device, threads })
    await engine.start()
    tellDevices(engine.models(), logger)
    for (const { error, folder } of engine.failures()) {
      logger.warn('model.not_offered', { code: error.code, folder })
    }
    return engine
  } catch (error) {
    throw registered(error)
  }
}

async function foundModels(modelsDir: string, logger: Logger): Promise<string[]> {
  const { cid, packed } = await ensurePackedModel(DUCKLING, modelsDir)
  logger.info('model.ready', { cid, packed })
  return packedModels(modelsDir)
}

/** Folders named by a CID; what is being packed has another name. */
async function packedModels(modelsDir: string): Promise<string[]> {
  const entries = await readdir(modelsDir, { withFileTypes: true })
  const isModel = /^b[a-z2-7]{50,}$/
  return entries
    .filter((entry) => entry.isDirectory() && isModel.test(entry.name))
    .map(({ name }) => join(modelsDir, name))
}
