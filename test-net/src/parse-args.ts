/** Command line of `npm start`. */
import { parseArgs } from 'node:util'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'

export const USAGE = `npm start -- [options]

  --prompt TEXT    what to ask (default: a question that the shipped model can answer)
  --max-price N    most the job may cost, in DUCK (default 1)
  --peers N        providers to start, 1 to 8 (default 1)
  --once           stop after the job
  --json           one JSON object on stdout instead of text; logs stay on stderr
`

export interface StartOptions {
  prompt: string
  /** In DUCK. */
  maxPrice: string
  peers: number
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
        peers: { type: 'string', default: '1' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const { help, json, once, prompt } = values
    const peers = Number(values.peers)
    if (!Number.isInteger(peers) || peers < 1 || peers > 8) {
      throw new DuckMeshError('CONFIG_INVALID', `--peers must be 1 to 8, not ${values.peers}.`)
    }
    if (!/^[0-9]{1,9}(\.[0-9]{1,18})?$/.test(values['max-price'])) {
      throw new DuckMeshError(
        'CONFIG_INVALID',
        `--max-price must be an amount in DUCK, not ${values['max-price']}.`,
      )
    }
    if (prompt.trim() === '') throw new DuckMeshError('PROMPT_EMPTY', 'The prompt is empty.')
    return { prompt, maxPrice: values['max-price'], peers, once, json, help }
  } catch (error) {
    throw toDuckMeshError(error, 'CONFIG_INVALID')
  }
}
