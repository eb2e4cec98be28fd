/** Command line of `npm start`. */
import { parseArgs } from 'node:util'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import { MAX_PROVIDERS } from './chain/accounts.ts'
import { SCENARIOS } from './scenario/scenarios.ts'
import type { Scenario } from './scenario/scenarios.ts'

export const USAGE = `npm start -- [options]

  --prompt TEXT    what to ask (default: a question that the shipped model can answer)
  --max-price N    most the job may cost, in DUCK (default 1)
  --peers N        staked peers to start, 1 to 20 (default 5; with fewer than 3 there is no redundant job)
  --no-jobs        only bring the network up
  --scenario NAME  instead of the job: equivocation (a provider that signs two receipts is slashed)
  --once           stop after the job
  --json           one JSON object on stdout instead of text; logs stay on stderr
`

export interface StartOptions {
  prompt: string
  /** In DUCK. */
  maxPrice: string
  peers: number
  jobs: boolean
  /** What to play instead of the main job. */
  scenario?: Scenario
  once: boolean
  json: boolean
  help: boolean
}

/** Throws PROMPT_EMPTY, or CONFIG_INVALID naming what is wrong, before anything is started. */
export function parseStartArgs(argv: readonly string[]): StartOptions {
  try {
    const { values } = parseArgs({
      args: [...argv],
      strict: true,
      options: {
        prompt: { type: 'string', default: 'Tell me a story about a brave duck.' },
        'max-price': { type: 'string', default: '1' },
        peers: { type: 'string', default: '5' },
        'no-jobs': { type: 'boolean', default: false },
        scenario: { type: 'string' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const { help, json, once, prompt } = values
    const peers = Number(values.peers)
    if (!Number.isInteger(peers) || peers < 1 || peers > MAX_PROVIDERS) {
      const what = `--peers must be 1 to ${MAX_PROVIDERS}, not ${values.peers}.`
      throw new DuckMeshError('CONFIG_INVALID', what)
    }
    if (!/^[0-9]{1,9}(\.[0-9]{1,18})?$/.test(values['max-price'])) {
      throw new DuckMeshError(
        'CONFIG_INVALID',
        `--max-price must be an amount in DUCK, not ${values['max-price']}.`,
      )
    }
    const scenario = scenarioOf(values.scenario)
    if (prompt.trim() === '') throw new DuckMeshError('PROMPT_EMPTY', 'The prompt is empty.')
    return {
      prompt,
      maxPrice: values['max-price'],
      peers,
      jobs: !values['no-jobs'],
      ...(scenario === undefined ? {} : { scenario }),
      once,
      json,
      help,
    }
  } catch (error) {
    throw toDuckMeshError(error, 'CONFIG_INVALID')
  }
}

function scenarioOf(name: string | undefined): Scenario | undefined {
  if (name === undefined) return undefined
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined
  if (scenario !== undefined) return scenario
  const known = Object.keys(SCENARIOS).join(', ')
  throw new DuckMeshError('CONFIG_INVALID', `--scenario must be one of ${known}, not ${name}.`)
}
