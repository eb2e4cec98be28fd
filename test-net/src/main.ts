/** `npm start`: brings up a local network, runs the main job, settles it, and stays up for more. */
import { resolve } from 'node:path'
import { toDuckMeshError } from '@duckmesh/protocols'
import { exitCodeOf, toJson } from '@duckmesh/node'
import { parseEther } from 'viem'
import { Devnet } from './devnet.ts'
import { runMainJob } from './job/main-job.ts'
import { HumanPrinter } from './output/human.ts'
import { USAGE, parseStartArgs } from './parse-args.ts'
import type { StartOptions } from './parse-args.ts'
import { onEnd } from './processes/on-end.ts'
import { RemoteError } from './processes/remote-error.ts'
import type { Scenario } from './scenario/scenarios.ts'

/** 128 + SIGINT. */
const EXIT_INTERRUPTED = 130

/** Resolves when the network is stopped; with `--once` after the job, else at a signal. */
async function main(): Promise<void> {
  const options = parseStartArgs(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(USAGE)
    return
  }
  const out = options.json ? process.stderr : process.stdout
  const printer = new HumanPrinter((text) => {
    out.write(text)
  })
  const ended = onEnd(() => process.exit(EXIT_INTERRUPTED))
  ended.addEventListener('abort', () => {
    process.exitCode = EXIT_INTERRUPTED
    printer.line('· Stopping every process')
  })
  try {
    await runNetwork(options, printer, ended)
  } catch (error) {
    // What fails after a signal failed because of it.
    if (!ended.aborted) throw error
  }
}

async function runNetwork(
  options: StartOptions,
  printer: HumanPrinter,
  ended: AbortSignal,
): Promise<void> {
  const net = await Devnet.start({
    root: resolve('.'),
    providers: options.peers,
    signal: ended,
    onProgress: (text) => {
      printer.line(`· ${text}`)
    },
    onEvent: (name, event) => {
      printer.onEvent(name, event)
    },
  })
  const stop = (): void => void net.stop()
  ended.addEventListener('abort', stop)
  try {
    if (options.scenario !== undefined) await play(net, options.scenario, options, printer)
    else if (options.jobs) await run(net, options, printer)
    else if (options.json) process.stdout.write(`${toJson(whereabouts(net))}\n`)
    if (!options.once) await stayUp(net, printer, ended)
  } finally {
    await net.stop()
  }
}

async function run(net: Devnet, options: StartOptions, printer: HumanPrinter): Promise<void> {
  const { prompt } = options
  const input = { prompt, maxPrice: parseEther(options.maxPrice) }
  const report = await runMainJob(net, input, {
    onJobStart: (kind) => {
      printer.jobStart(kind, prompt)
    },
    onJobDone: (job) => {
      printer.jobDone(job)
    },
  })
  printer.report(report)
  if (options.json) process.stdout.write(`${toJson(report)}\n`)
}

/** What a program needs to use a network that runs no job by itself. */
function whereabouts({ gateways, network, folder }: Devnet): object {
  const { chainId, rpcUrl, seeds } = network
  return { folder, chainId, rpcUrl, seeds, gateways }
}

async function play(
  net: Devnet,
  scenario: Scenario,
  { json }: StartOptions,
  printer: HumanPrinter,
): Promise<void> {
  const report = await scenario(net, printer)
  if (json) process.stdout.write(`${toJson(report)}\n`)
}

/** Says what to try and waits for the end. A child that dies is told, the rest stays up. */
async function stayUp(net: Devnet, printer: HumanPrinter, ended: AbortSignal): Promise<void> {
  printer.line()
  printer.line('The network stays up. Try, in another terminal in this folder:')
  printer.line('  npx duckmesh chat "What is the capital of Norway?"')
  printer.line('  npx duckmesh chat --redundant 3 "What is the capital of Norway?"')
  printer.line('  npx duckmesh why')
  printer.line('  npx duckmesh status --why')
  printer.line(`  curl ${net.gateways[0] ?? ''}/v1/models`)
  printer.line(
    `  chain ${net.network.rpcUrl} (id ${net.network.chainId}), seed ${net.network.seeds.join(' ')}`,
  )
  printer.line('Ctrl-C ends every process.')
  for (const child of net.children) {
    void child.exited.then(({ code, signal }) => {
      if (ended.aborted) return
      printer.line(`· ${child.name} ended (${signal ?? `code ${code ?? 'unknown'}`})`)
    })
  }
  if (ended.aborted) return
  await new Promise<void>((resolve) => {
    ended.addEventListener('abort', () => {
      resolve()
    })
  })
}

main().then(
  // At once: what a failed start left in the event loop must not hold the process.
  () => process.exit(),
  (error: unknown) => {
    const failure = error instanceof RemoteError ? error : toDuckMeshError(error)
    process.stderr.write(`${failure.code}: ${failure.message}\n`)
    process.exit(exitCodeOf(failure))
  },
)
