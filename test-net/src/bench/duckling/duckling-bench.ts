/** Scores a model on fresh draws of the questions that Duckling was made for. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensurePackedModel, NETWORKS_FOLDER } from '@duckmesh/node'
import { askModel } from './ask-model.ts'
import type { DucklingReport } from './interface.ts'
import { parseDraws } from './parse-draws.ts'
import { scoreAnswers } from './score-answers.ts'

const DUCKLING: string = fileURLToPath(
  new URL('../models/duckling', import.meta.resolve('@duckmesh/node')),
)

/** What is scored, and on what; left out: the published model, and the draws of its card. */
export interface DucklingBenchOptions {
  /** A packed folder. */
  readonly folder?: string | undefined
  /** A file of JSON lines (training/duckling/draws.py). */
  readonly draws?: string | undefined
}

/** Some seconds. `root` is the repository; Duckling is packed where its networks keep their models. */
export async function benchDuckling(
  root: string,
  options: DucklingBenchOptions = {},
): Promise<DucklingReport> {
  const file = options.draws ?? join(root, 'training/duckling/draws.jsonl')
  const draws = parseDraws(await readFile(file, 'utf8'))
  const folder = options.folder ?? (await packDuckling(root))
  const questions = draws.map(({ question }) => question)
  const { model, answers } = await askModel(folder, questions)
  return { model, ...scoreAnswers(draws, answers) }
}

async function packDuckling(root: string): Promise<string> {
  return (await ensurePackedModel(DUCKLING, join(root, NETWORKS_FOLDER, 'models'))).folder
}
