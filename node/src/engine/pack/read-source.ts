/** Reads files of a model's source folder. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineError } from '../errors.ts'

/** Parses a JSON file. Throws MODEL_CORRUPT. */
export async function readJson(folder: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readSource(folder, name)))
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    const message = `The model file ${name} is not JSON. Take the model from its source again.`
    throw new EngineError('MODEL_CORRUPT', message, { file: name }, cause)
  }
}

/** Throws MODEL_CORRUPT. */
export async function readSource(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(path.join(folder, name))
  } catch (cause) {
    const message = `The model file ${name} in ${folder} cannot be read. Take the model again.`
    throw new EngineError('MODEL_CORRUPT', message, { file: name, folder }, cause)
  }
}
