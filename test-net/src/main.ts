/** `npm start`: brings up a local network, runs the main job, settles it, and stays up for more. */
import { resolve } from 'node:path'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import { formatDuck, toJson } from '@duckmesh/node'
import { parseEther } from 'viem'
import { Devnet } from './devnet.ts'
import { runMainJob } from './job/main-job.ts'
import { HumanPrinter } from './output/human.ts'
import { USAGE, parseStartArgs } from './parse-args.ts'
import type { StartOptions } from './parse-args.ts'
import { RemoteError } from './processes/child.ts'
import { watchParent } from './processes/watch-parent.ts'

/** sysexits: 78 bad configuration. */
const EXIT_CONFIG = 78
const EXIT_FAILED = 1
/** 128 + SIGINT. */
const EXIT_INTERRUPTED = 130

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
  const starting = Devnet.start({
    root: resolve('.'),
    providers: options.peers,
    onProgress: (text) => {
      printer.line(`· ${text}`)
    },
    onEvent: (name, event) => {
      printer.onEvent(name, event)
    },
  })
  const stop = stopOnce(starting)
  onEnd(() => {
    printer.line('· Stopping every process')
    void stop().finally(() => process.exit(EXIT_INTERRUPTED))
  })
  const net = await starting
  try {
    await run(net, options, printer)
  } catch (error) {
    await stop()
    throw error
  }
  if (options.once) {
    await stop()
    return
  }
  stayUp(net, printer)
}

async function run(net: Devnet, options: StartOptions, printer: HumanPrinter): Promise<void> {
  printer.line()
  printer.line(`Asking "${options.prompt}"`)
  const input = { prompt: options.prompt, maxPrice: parseEther(options.maxPrice) }
  const report = await runMainJob(net, input, {
    onJobDone: (job) => {
      printer.line()
      const rest = `${formatDuck(job.unspent)} of ${formatDuck(job.maxPrice)} unspent`
      printer.line(`${job.tokens} tokens, first after ${job.ttftMs} ms, all after ${job.totalMs} ms`)
      printer.line(`Price ${formatDuck(job.paid)}, ${rest}`)
    },
  })
  printer.report(report)
  if (options.json) process.stdout.write(`${toJson(report)}\n`)
}

/** Says what to try; the processes keep this one alive. A child that dies is told, the rest stays up. */
function stayUp(net: Devnet, printer: HumanPrinter): void {
  printer.line()
  printer.line('The network stays up. Try, in another terminal in this folder:')
  printer.line('  npx duckmesh chat "What is the capital of Norway?"')
  printer.line(`  chain ${net.network.rpcUrl} (id ${net.network.chainId}), seed ${net.network.seeds.join(' ')}`)
  printer.line('Ctrl-C ends every process.')
  for (const child of net.children) {
    void child.exited.then(({ code, signal }) => {
      printer.line(`· ${child.name} ended (${signal ?? `code ${code ?? 'unknown'}`})`)
    })
  }
}

function stopOnce(starting: Promise<Devnet>): () => Promise<void> {
  let stopping: Promise<void> | null = null
  return () => {
    stopping ??= starting.then(
      (net) => net.stop(),
      () => undefined,
    )
    return stopping
  }
}

/** Ctrl-C, SIGTERM, SIGHUP, or the death of whoever started us. */
function onEnd(end: () => void): void {
  let ending = false
  const once = (): void => {
    if (ending) return
    ending = true
    end()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, once)
  watchParent(once)
}

main().catch((error: unknown) => {
  const failure = error instanceof RemoteError ? error : toDuckMeshError(error)
  process.stderr.write(`${failure.code}: ${failure.message}\n`)
  const config = failure instanceof DuckMeshError && failure.stage === 'config'
  process.exit(config ? EXIT_CONFIG : EXIT_FAILED)
})
