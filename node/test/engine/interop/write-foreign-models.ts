/**
 * Writes the foreign model folders for whoever cannot import them, `write-foreign-models.ts <folder>`; with their
 * manifests, so that the engine loads them as they are.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MANIFEST_FILE } from '../../../src/engine/model/manifest.ts'
import { describeModel } from '../../../src/engine/pack/describe-model.ts'
import { writeForeignFolder } from './foreign-folder.ts'

const [, , folder = '.'] = process.argv
for (const name of ['gpt2', 'gpt2-external', 'qwen3'] as const) {
  const target = path.join(folder, name)
  await writeForeignFolder(target, name)
  const about = { name, license: 'MIT', tolerance: 1e-4, calibrationPrompts: ['Hello!'] }
  await writeFile(
    path.join(target, MANIFEST_FILE),
    JSON.stringify(await describeModel(target, about)),
  )
}
