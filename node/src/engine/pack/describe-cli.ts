/** Publishes the manifest of a model source folder once: packs it, computes hashes and calibration vectors. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MANIFEST_FILE } from '../model/manifest.ts'
import { describeModel } from './describe-model.ts'

/**
 * Publishes a model folder: `node describe-cli.ts <folder> <name> <license> <tolerance> <prompt>…`
 * writes its duckmesh.model.json. Run it once per model and commit the result.
 */
const [folder, name, license, tolerance, ...calibrationPrompts] = process.argv.slice(2)
if (folder === undefined || name === undefined || license === undefined) {
  process.stderr.write('usage: describe-cli.ts <folder> <name> <license> <tolerance> <prompt>…\n')
  process.exitCode = 64
} else {
  const description = { name, license, tolerance: Number(tolerance), calibrationPrompts }
  const manifest = await describeModel(folder, description)
  await writeFile(path.join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
}
