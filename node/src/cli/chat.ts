/** `duckmesh chat "…"`: one paid, streamed answer on a running network. */
import { systemClock } from '@duckmesh/sdk'
import type { JobEvent, LightClient } from '@duckmesh/sdk'
import { openClient } from '../client/open-client.ts'
import { findNetworkFile, readNetworkFile } from './network-file.ts'
import { printJson, printable } from './output.ts'
import { formatDuck } from './format-duck.ts'

export interface ChatOptions {
  network?: string
  model: string
  maxTokens?: number
  temperature?: number
  maxPrice?: bigint
  /** Members of a redundant job. */
  redundant?: number
  direct: boolean
  json: boolean
}

/** Rejects with the code of what went wrong; Ctrl-C cancels the job and pays only what was delivered. */
export async function chat(prompt: string, options: ChatOptions): Promise<void> {
  const path = options.network ?? process.env['DUCKMESH_NETWORK_FILE']
  const file =
    path === undefined ? await findNetworkFile(process.cwd()) : await readNetworkFile(path)
  const cancel = new AbortController()
  const onInterrupt = (): void => {
    cancel.abort()
  }
  // Once: a second Ctrl-C ends the process as usual.
  process.once('SIGINT', onInterrupt)
  try {
    const { signal } = cancel
    await using client = await openClient({ network: file.network, ...file.account, signal })
    await ask(client, prompt, options, signal)
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

async function ask(
  client: LightClient,
  prompt: string,
  options: ChatOptions,
  signal: AbortSignal,
): Promise<void> {
  const startMs = systemClock.now()
  const { direct, json, maxPrice, maxTokens, model, redundant, temperature } = options
  const job = await client.submit(
    {
      model,
      messages: [{ role: 'user', content: prompt }],
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(maxPrice === undefined ? {} : { maxPrice }),
      ...(temperature === undefined ? {} : { sampling: { temperature } }),
      ...(direct ? { lane: 'direct' as const } : {}),
      ...(redundant === undefined
        ? {}
        : { verification: 'redundant' as const, replicas: redundant }),
    },
    { signal },
  )
  for await (const event of job) if (!json) show(event)
  const result = await job.result()
  if (json) {
    printJson({ ...result, prompt })
    return
  }
  const seconds = ((systemClock.now() - startMs) / 1000).toFixed(2)
  const { completionTokens } = result.usage
  const to = result.providers.join(', ')
  process.stdout.write('\n')
  process.stderr.write(
    `${completionTokens} tokens in ${seconds} s, paid ${formatDuck(result.paid)} to ${to}, job ${result.jobId}\n`,
  )
  // The seat is paid and the record stored, so that `why` finds it.
  await job.settled
}

function show(event: JobEvent): void {
  if (event.type === 'text') process.stdout.write(printable(event.text))
}
