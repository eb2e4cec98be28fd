import { readFile } from 'node:fs/promises'
import { DuckMeshError } from '@duckmesh/protocols'
import { explainIssues } from './explain-issues.ts'
import { OPTIONS, optionOfVariable, parseOption } from './options.ts'
import { configSchema } from './schema.ts'
import type { Config } from './schema.ts'

/** Where the options come from; later ones win. */
export interface ConfigSources {
  /** Path of a JSON file, or none. */
  file?: string | undefined
  /** Variables `DUCKMESH_*`; others are not looked at. */
  env?: Readonly<Record<string, string | undefined>>
  /** By option path, e.g. `{ 'listen.tcp': '3825' }`; text is read as in the environment. */
  flags?: Readonly<Record<string, unknown>>
  /** Variables with our prefix that are not options, e.g. the one that names the config file. */
  otherVariables?: readonly string[]
}

interface Setting {
  path: string
  value: unknown
  /** How a message names the place: `DUCKMESH_LISTEN_TCP`, `--listen.tcp`. */
  source: string
}

/**
 * File, then environment, then flags, checked as a whole. Rejects with CONFIG_INVALID, which names each wrong
 * option, where it was set and what is allowed there.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const { file, env = {}, flags = {}, otherVariables = [] } = sources
  const tree = file === undefined ? {} : await readTree(file)
  const settings = [...settingsOfEnv(env, otherVariables), ...settingsOfFlags(flags)]
  for (const { path, value } of settings) place(tree, path.split('.'), value)
  const checked = configSchema.safeParse(tree)
  if (checked.success) return checked.data
  const origins = new Map(settings.map(({ path, source }) => [path, source]))
  const lines = explainIssues(checked.error.issues, origins, file)
  throw new DuckMeshError('CONFIG_INVALID', `The configuration is wrong:\n${lines.join('\n')}\n`, {
    details: { issues: lines },
  })
}

async function readTree(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const what = `The config file ${file} cannot be read.`
    throw new DuckMeshError('CONFIG_INVALID', what, { cause, details: { file } })
  })
  let tree: unknown
  try {
    tree = JSON.parse(text)
  } catch (error) {
    // Only the position: the message may quote a key that stands in the file.
    const at = /line [0-9]+ column [0-9]+/.exec(String(error))?.[0] ?? 'the start'
    const what = `The config file ${file} is not JSON at ${at}.`
    throw new DuckMeshError('CONFIG_INVALID', what, { details: { file } })
  }
  if (isTree(tree)) return tree
  const what = `The config file ${file} must hold one JSON object.`
  throw new DuckMeshError('CONFIG_INVALID', what, { details: { file } })
}

function settingsOfEnv(
  env: Readonly<Record<string, string | undefined>>,
  others: readonly string[],
): Setting[] {
  const settings: Setting[] = []
  for (const [source, text] of Object.entries(env)) {
    if (text === undefined || !source.startsWith('DUCKMESH_') || others.includes(source)) continue
    const path = optionOfVariable(source)
    if (path === undefined) throw unknownOption(`The variable ${source}`, source)
    settings.push({ path, value: parseOption(OPTIONS[path] ?? 'text', text), source })
  }
  return settings
}

function settingsOfFlags(flags: Readonly<Record<string, unknown>>): Setting[] {
  const settings: Setting[] = []
  for (const [path, given] of Object.entries(flags)) {
    const kind = OPTIONS[path]
    if (given === undefined) continue
    if (kind === undefined) throw unknownOption(`The option ${path}`, path)
    const value = typeof given === 'string' ? parseOption(kind, given) : given
    settings.push({ path, value, source: `--${path}` })
  }
  return settings
}

function unknownOption(what: string, option: string): DuckMeshError {
  const known = Object.keys(OPTIONS)
  return new DuckMeshError(
    'CONFIG_INVALID',
    `${what} does not exist; options: ${known.join(', ')}.`,
    {
      details: { option },
    },
  )
}

/** Puts a value into the tree; where the file has something else than an object, the schema will say so. */
function place(
  tree: Record<string, unknown>,
  [head = '', ...rest]: string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    tree[head] = value
    return
  }
  const below = (tree[head] ??= {})
  if (isTree(below)) place(below, rest, value)
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
